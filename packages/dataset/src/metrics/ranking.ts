/** The metrics of a user's list at a cut-off. */
export interface RankingScore {
  readonly recall: number;
  readonly ndcg: number;
  /** 1 if a held-out item is among the first K, otherwise 0. */
  readonly hitRate: number;
}

/**
 * Scores the first `k` items of a list against held-out items, with binary relevance:
 *
 * - recall = hits / |held-out|
 * - NDCG = DCG / IDCG, DCG = sum over hits of 1 / log2(1 + rank), ranks from 1, and IDCG the same
 *   sum over ranks 1 to min(k, |held-out|)
 * - hit rate = 1 if there is a hit
 *
 * A repeated item counts at its first rank only.
 *
 * @param options.heldOut at least one item
 */
export function scoreRanking(options: {
  readonly list: readonly string[];
  readonly heldOut: ReadonlySet<string>;
  readonly k: number;
}): RankingScore {
  const { list, heldOut, k } = options;
  const found = new Set<string>();
  let gain = 0;
  for (const [place, item] of list.slice(0, k).entries()) {
    if (!heldOut.has(item) || found.has(item)) continue;
    found.add(item);
    gain += discount(place);
  }
  let ideal = 0;
  for (let place = 0; place < Math.min(k, heldOut.size); place++) ideal += discount(place);
  return {
    recall: found.size / heldOut.size,
    ndcg: gain / ideal,
    hitRate: found.size > 0 ? 1 : 0,
  };
}

/** @param place the rank, from 0 */
function discount(place: number): number {
  return 1 / Math.log2(place + 2);
}
