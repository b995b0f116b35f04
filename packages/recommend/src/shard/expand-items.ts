import { type Catalogue, type Exclusion, pathOf } from "@nightbeam/catalogue";
import type { RecommendedItem } from "@nightbeam/dataset";
import type { Beams } from "@nightbeam/decoding";

/**
 * Returns the `topK` best items of code paths, best first. Items that share a path share its score, in
 * the order of their ids. Items of the paths in `first` get a place regardless of their score.
 */
export function expandItems(
  catalogue: Catalogue,
  options: { beams: Beams; exclusion: Exclusion; topK: number; first?: ReadonlySet<number> },
): RecommendedItem[] {
  const { beams, exclusion, topK, first = new Set() } = options;
  const ranked = Array.from(beams.prefixes, (leaf, rank) => ({ leaf, rank }));
  const ofFirst = ranked.filter(({ leaf }) => first.has(leaf));
  const others = ranked.filter(({ leaf }) => !first.has(leaf));
  const chosen: { rank: number; items: RecommendedItem[] }[] = [];
  let places = topK;
  for (const { leaf, rank } of [...ofFirst, ...others]) {
    if (places <= 0) break;
    const codes = pathOf(catalogue.trie, leaf);
    const score = beams.scores[rank] ?? 0;
    const logProb = beams.logProbs?.[rank] ?? score;
    const open = [...catalogue.itemsAt(leaf)].filter((item) => !exclusion.hasItem(item));
    const items = open
      .slice(0, places)
      .map((item) => ({ item: catalogue.itemId(item), score, logProb, codes }));
    chosen.push({ rank, items });
    places -= items.length;
  }
  return chosen.sort((a, b) => a.rank - b.rank).flatMap(({ items }) => items);
}
