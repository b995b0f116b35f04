import { type Catalogue, codesAt, type Exclusion } from "@nightbeam/catalogue";
import type { RecommendedItem } from "@nightbeam/dataset";
import type { Beams } from "@nightbeam/decoding";
import type { ItemWeights } from "./item-order.js";

/** How code paths become a list of items. */
export interface ListRules {
  /** Items per list. */
  readonly topK: number;
  /** Which items of a path come first. Default: by id. */
  readonly itemWeights?: ItemWeights | undefined;
  /** Items per path; the others of the path are left out. Default: all. */
  readonly itemsPerPath?: number | undefined;
}

/**
 * Returns the `topK` best items of code paths, best first. Items that share a path share its score, and come in the order
 * of their weights, then of their ids; items that the user must not get are left out before. Items of the paths in `first`
 * get a place regardless of their score.
 */
export function expandItems(
  catalogue: Catalogue,
  options: ListRules & { beams: Beams; exclusion: Exclusion; first?: ReadonlySet<number> },
): RecommendedItem[] {
  const { beams, exclusion, topK, itemsPerPath = topK, first = new Set() } = options;
  const ranked = Array.from(beams.prefixes, (leaf, rank) => ({ leaf, rank }));
  const ofFirst = ranked.filter(({ leaf }) => first.has(leaf));
  const others = ranked.filter(({ leaf }) => !first.has(leaf));
  const chosen: { rank: number; items: RecommendedItem[] }[] = [];
  let places = topK;
  for (const { leaf, rank } of [...ofFirst, ...others]) {
    if (places <= 0) break;
    const codes = codesAt(catalogue, leaf);
    const score = beams.scores[rank] ?? 0;
    const logProb = beams.logProbs?.[rank] ?? score;
    const open = [...catalogue.itemsAt(leaf)].filter((item) => !exclusion.hasItem(item));
    const items = ordered(open, options.itemWeights)
      .slice(0, Math.min(places, itemsPerPath))
      .map((item) => ({ item: catalogue.itemId(item), score, logProb, codes }));
    chosen.push({ rank, items });
    places -= items.length;
  }
  return chosen.sort((a, b) => a.rank - b.rank).flatMap(({ items }) => items);
}

function ordered(items: number[], weights: ItemWeights | undefined): number[] {
  if (weights === undefined || items.length < 2) return items;
  // Compared, not subtracted: two infinite weights are equal. Sorting is stable, and the items are in the order of ids.
  const weight = (item: number) => weights[item] ?? 0;
  return items.sort((a, b) => Number(weight(b) > weight(a)) - Number(weight(b) < weight(a)));
}
