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
 * - `checkedCandidates`: those that were checked before the list was full, or its search at its end
 * - `candidatesAbove-9`, for every whole number: checked ones with a log-likelihood above it
 * - `acceptedItems`: items of the lists that are there because they were accepted
 * - `acceptingLists`: lists with such items
 * - `ownLists`, `ownLastScores`: the target's own searches, and the scores of their `topK`-th path
 * - `newCandidates`, `newCandidatesAbove-9`, `acceptedNewItems`: of new items, if these have a threshold
 *   of their own: checked ones, those above, and those accepted
 */
export function acceptanceStats(
  listed: readonly Listed[],
  { catalogue, topK }: { catalogue: Catalogue; topK: number },
): RunStats {
  const stats = {
    candidates: 0,
    checkedCandidates: 0,
    acceptedItems: 0,
    acceptingLists: 0,
    ownLists: 0,
    ownLastScores: 0,
  };
  const ofNew = { newCandidates: 0, acceptedNewItems: 0 };
  const [above, newAbove] = [new Histogram(), new Histogram()];
  let hasNew = false;
  for (const { list, outcome } of listed) {
    const { acceptance } = outcome;
    if (acceptance === undefined) continue;
    const { accepted, proposed, checked, scores, isNew, own } = acceptance;
    hasNew ||= isNew !== undefined;
    stats.candidates += proposed;
    stats.checkedCandidates += checked.length;
    scores.forEach((score, at) => {
      above.add(score);
      if (isNew?.(checked[at] ?? 0) !== true) return;
      ofNew.newCandidates++;
      newAbove.add(score);
    });
    let items = 0;
    for (const { item } of list.items) {
      const index = catalogue.itemIndex(item);
      const leaf = index === undefined ? undefined : catalogue.leafOf(index);
      if (leaf === undefined || !accepted.has(leaf)) continue;
      items++;
      if (isNew?.(leaf) === true) ofNew.acceptedNewItems++;
    }
    stats.acceptedItems += items;
    if (items > 0) stats.acceptingLists++;
    const last = own?.scores.at(topK - 1) ?? own?.scores.at(-1);
    if (last === undefined) continue;
    stats.ownLists++;
    stats.ownLastScores += last;
  }
  const all = { ...stats, ...histogramStats(above.counts()) };
  return hasNew ? { ...all, ...ofNew, ...histogramStats(newAbove.counts(), "newCandidates") } : all;
}

/** Counts scores above whole thresholds. */
class Histogram {
  readonly #above = new Array<number>(THRESHOLDS).fill(0);

  add(score: number): void {
    for (let nats = Math.floor(-score) + 1; nats <= THRESHOLDS; nats++) {
      this.#above[nats - 1] = (this.#above[nats - 1] ?? 0) + 1;
    }
  }

  counts(): ReadonlyMap<number, number> {
    const counted = this.#above.map((count, at) => [-(at + 1), count] as const);
    return new Map(counted.filter(([, count]) => count > 0));
  }
}
