import type { Catalogue } from "@nightbeam/catalogue";
import type { Recommendation } from "@nightbeam/dataset";
import type { SearchOutcome } from "@nightbeam/decoding";
import { histogramStats, type RunStats } from "@nightbeam/run";

/** Candidates are counted above thresholds of -1 to minus this, in whole nats. */
const THRESHOLDS = 40;

/** One user's list and its origin. */
export interface Listed {
  readonly list: Recommendation;
  readonly outcome: SearchOutcome;
}

/**
 * Counts what became of the items proposed for a shard's users. All counts add up over shards; there
 * are none if nothing was proposed.
 *
 * - `candidates`: code paths proposed that the user may get
 * - `candidatesAbove-9`, for every whole number: those with a log-likelihood above it
 * - `acceptedItems`: items of the lists that are there because they were accepted
 * - `acceptingLists`: lists with such items
 * - `ownLists`, `ownLastScores`: the target's own searches, and the scores of their `topK`-th path
 */
export function acceptanceStats(
  listed: readonly Listed[],
  { catalogue, topK }: { catalogue: Catalogue; topK: number },
): RunStats {
  const stats = {
    candidates: 0,
    acceptedItems: 0,
    acceptingLists: 0,
    ownLists: 0,
    ownLastScores: 0,
  };
  const above = new Array<number>(THRESHOLDS).fill(0);
  for (const { list, outcome } of listed) {
    const { acceptance } = outcome;
    if (acceptance === undefined) continue;
    const { accepted, scores, own } = acceptance;
    stats.candidates += scores.length;
    for (const score of scores) {
      for (let nats = Math.floor(-score) + 1; nats <= THRESHOLDS; nats++) {
        above[nats - 1] = (above[nats - 1] ?? 0) + 1;
      }
    }
    const items = list.items.filter(({ item }) => {
      const index = catalogue.itemIndex(item);
      return index !== undefined && accepted.has(catalogue.leafOf(index));
    });
    stats.acceptedItems += items.length;
    if (items.length > 0) stats.acceptingLists++;
    const last = own?.scores.at(topK - 1) ?? own?.scores.at(-1);
    if (last === undefined) continue;
    stats.ownLists++;
    stats.ownLastScores += last;
  }
  const counted = above.map((count, at) => [-(at + 1), count] as const);
  return { ...stats, ...histogramStats(new Map(counted.filter(([, count]) => count > 0))) };
}
