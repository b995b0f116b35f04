import type { HistoryRow } from "../histories/history-row.js";
import { Averages, type RankingAtK } from "./averages.js";

/** The metrics of unseen items at a cut-off, and how many lists have any. */
export interface UnseenAtK extends RankingAtK {
  /** Number of unseen items among the first K of all lists. */
  readonly listed: number;
}

/** How lists perform on items that the models have never seen. */
export interface UnseenReport {
  /** As for all items, but with only the unseen held-out items, over `users`. */
  readonly metrics: readonly UnseenAtK[];
  /** Users with a list and at least one unseen held-out item. */
  readonly users: number;
  /** Total number of their unseen held-out items. */
  readonly heldOut: number;
  /** Number of distinct items among them. */
  readonly items: number;
  /** Unusable rows of the training histories; items in them may be counted as unseen by mistake. */
  readonly rejectedTraining: number;
}

/** The items in histories. Memory grows with the items, not with the users. */
export interface SeenItems {
  readonly items: ReadonlySet<string>;
  readonly rejected: number;
}

/** @throws the errors of reading the histories */
export async function seenItems(
  histories: AsyncIterable<readonly HistoryRow[]>,
): Promise<SeenItems> {
  const items = new Set<string>();
  let rejected = 0;
  for await (const rows of histories) {
    for (const row of rows) {
      if (row.kind === "rejected") rejected++;
      else for (const item of row.items) items.add(item);
    }
  }
  return { items, rejected };
}

/** Averages the metrics of users over the items that were never seen. */
export class UnseenTally {
  readonly #ks: readonly number[];
  readonly #seen: SeenItems;
  readonly #averages: Averages;
  readonly #listed: number[];
  readonly #items = new Set<string>();
  #heldOut = 0;

  constructor(ks: readonly number[], seen: SeenItems) {
    this.#ks = ks;
    this.#seen = seen;
    this.#averages = new Averages(ks);
    this.#listed = ks.map(() => 0);
  }

  /** Adds a user with a list, with or without held-out items. */
  add({ list, heldOut }: { list: readonly string[]; heldOut: ReadonlySet<string> }): void {
    const isUnseen = (item: string) => !this.#seen.items.has(item);
    for (const [at, k] of this.#ks.entries()) {
      this.#listed[at] = (this.#listed[at] ?? 0) + list.slice(0, k).filter(isUnseen).length;
    }
    const unseen = new Set([...heldOut].filter(isUnseen));
    if (unseen.size === 0) return;
    this.#averages.add({ list, heldOut: unseen });
    this.#heldOut += unseen.size;
    for (const item of unseen) this.#items.add(item);
  }

  report(): UnseenReport {
    const metrics = this.#averages.metrics();
    return {
      metrics: metrics.map((one, at) => ({ ...one, listed: this.#listed[at] ?? 0 })),
      users: this.#averages.users,
      heldOut: this.#heldOut,
      items: this.#items.size,
      rejectedTraining: this.#seen.rejected,
    };
  }
}
