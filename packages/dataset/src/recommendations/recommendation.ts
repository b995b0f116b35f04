import { excerpt } from "@nightbeam/catalogue";
import { z } from "zod";
import { DatasetError } from "../errors.js";

/** An item of a user's list. */
export interface RecommendedItem {
  readonly item: string;
  /** What the list is ranked by: the target's log-probability (nats) of the item's code path, or the score of another mode. */
  readonly score: number;
  /** The target's log-probability (nats) of the item's code path. Lists from older files lack it. */
  readonly logProb?: number | undefined;
  /** The item's code path; codes are 0 to 65,535. Shape [levels]. */
  readonly codes: readonly number[];
}

/** A user's list, best item first; empty if nothing could be recommended. */
export interface Recommendation {
  readonly user: string;
  readonly items: readonly RecommendedItem[];
}

/** An item as files hold it: its keys are the names of the columns, in this order. */
export interface StoredItem {
  /** From 1. */
  readonly rank: number;
  readonly item: string;
  readonly score: number;
  readonly log_prob: number | null;
  readonly codes: readonly number[];
}

/** An item in a file. Files of earlier versions have neither ranks nor log-probabilities. */
export const itemSchema = z
  .object({
    item: z.string(),
    score: z.number(),
    log_prob: z.number().nullish(),
    codes: z.array(z.number()),
  })
  .transform(({ item, score, log_prob: logProb, codes }): RecommendedItem => {
    return { item, score, ...(typeof logProb === "number" ? { logProb } : {}), codes };
  });

/** A recommendation in a file of lists. */
export const recommendationSchema = z.object({ user: z.string(), items: z.array(itemSchema) });

/**
 * The items as files hold them. The order of keys is fixed, so that equal lists give equal bytes.
 *
 * @throws DatasetError BAD_RECOMMENDATION for a score that is not finite or a code out of range
 */
export function storedItems({ user, items }: Recommendation): StoredItem[] {
  return items.map(({ item, score, logProb, codes }, place) => {
    // JSON has no infinities: they would be read as null.
    for (const [name, value] of [
      ["score", score] as const,
      ["log-probability", logProb ?? 0] as const,
    ]) {
      if (!Number.isFinite(value)) throw unwritable({ user, item, problem: `${name} is ${value}` });
    }
    for (const code of codes) {
      if (Number.isInteger(code) && code >= 0 && code <= 0xffff) continue;
      throw unwritable({ user, item, problem: `code is ${code}` });
    }
    return { rank: place + 1, item, score, log_prob: logProb ?? null, codes: Array.from(codes) };
  });
}

function unwritable(about: { user: string; item: string; problem: string }): DatasetError {
  return new DatasetError(
    "BAD_RECOMMENDATION",
    `User ${excerpt(about.user)}, item ${excerpt(about.item)}: the ${about.problem}. Scores must be finite ` +
      "and codes whole numbers of 0 to 65535; leave such items out of the list.",
  );
}
