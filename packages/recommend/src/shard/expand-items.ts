import { type Catalogue, type Exclusion, pathOf } from "@nightbeam/catalogue";
import type { RecommendedItem } from "@nightbeam/dataset";
import type { Beams } from "@nightbeam/decoding";

/**
 * The `topK` best items of code paths, best first. Items that share a path share its score and
 * follow each other in the order of their ids.
 */
export function expandItems(
  catalogue: Catalogue,
  options: { beams: Beams; exclusion: Exclusion; topK: number },
): RecommendedItem[] {
  const { beams, exclusion, topK } = options;
  const items: RecommendedItem[] = [];
  beams.prefixes.forEach((leaf, rank) => {
    if (items.length >= topK) return;
    const codes = pathOf(catalogue.trie, leaf);
    for (const item of catalogue.itemsAt(leaf)) {
      if (items.length >= topK || exclusion.hasItem(item)) continue;
      items.push({ item: catalogue.itemId(item), score: beams.scores[rank] ?? 0, codes });
    }
  });
  return items;
}
