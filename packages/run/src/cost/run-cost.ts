import { z } from "zod";
import type { RunStats } from "../statistics/run-stats.js";
import { type Prices, verifierPrice } from "./prices.js";

const amount = z.number().min(0);

/** What the work for a run cost. The time in which nodes had nothing to do is not in it. */
export const runCostSchema = z.strictObject({
  /** Seconds of drafters and of verifiers: the figures of the same names. */
  drafterSeconds: amount,
  verifierSeconds: amount,
  /** Absent if there are no prices. */
  price: z
    .strictObject({
      currency: z.string(),
      total: amount,
      /** Absent while there is no list. */
      perMillionUsers: amount.exactOptional(),
    })
    .exactOptional(),
});

export type RunCost = Readonly<z.output<typeof runCostSchema>>;

/** What the commit record of a part says about its cost. */
interface Costing {
  /** Users written. */
  readonly rows: number;
  readonly stats: RunStats;
  readonly verifiers?: readonly { readonly name: string; readonly seconds?: number }[];
}

/** The cost of the committed parts of a cluster's run. Undefined if none of them states what it cost. */
export function runCost(records: readonly Costing[], prices?: Prices): RunCost | undefined {
  let [drafterSeconds, verifierSeconds, users, verifierTotal] = [0, 0, 0, 0];
  let isStated = false;
  for (const { stats, verifiers = [], rows } of records) {
    isStated ||= stats.drafterSeconds !== undefined;
    const seconds = stats.verifierSeconds ?? 0;
    drafterSeconds += stats.drafterSeconds ?? 0;
    verifierSeconds += seconds;
    users += rows;
    if (prices !== undefined) verifierTotal += (seconds / 3_600) * meanPrice(prices, verifiers);
  }
  if (!isStated) return undefined;
  if (prices === undefined) return { drafterSeconds, verifierSeconds };
  const total = (drafterSeconds / 3_600) * prices.perHour.drafter + verifierTotal;
  const { currency } = prices;
  return {
    drafterSeconds,
    verifierSeconds,
    price: {
      currency,
      total,
      ...(users === 0 ? {} : { perMillionUsers: (total / users) * 1e6 }),
    },
  };
}

/** Per hour, of the verifiers that answered for a part, by their shares of it. */
function meanPrice(prices: Prices, verifiers: NonNullable<Costing["verifiers"]>): number {
  const seconds = verifiers.reduce((sum, one) => sum + (one.seconds ?? 0), 0);
  if (seconds === 0) return prices.perHour.verifier;
  const paid = verifiers.reduce(
    (sum, { name, seconds: own = 0 }) => sum + own * verifierPrice(prices, name),
    0,
  );
  return paid / seconds;
}
