import type { Catalogue } from "./catalogue.js";
import { codesAt } from "./closing-levels.js";

/** A code path that several items share. */
export interface SharedPath {
  /** Shape [levels]. */
  readonly codes: readonly number[];
  /** Item indices, ascending. */
  readonly items: Uint32Array;
}

export interface SharedPaths {
  /** Paths with more than one item. */
  readonly paths: number;
  /** Items on these. */
  readonly items: number;
  /** Those with the most items, the largest first; equal ones in the order of their codes. */
  readonly largest: readonly SharedPath[];
}

/** Finds the code paths that several items share. `examples`: how many of the largest to return. */
export function sharedPaths(catalogue: Catalogue, { examples }: { examples: number }): SharedPaths {
  const { trie } = catalogue;
  const end = trie.codes.length;
  const shared: { leaf: number; count: number }[] = [];
  let items = 0;
  for (let leaf = trie.levelStart[trie.levels] ?? end; leaf < end; leaf++) {
    const count = catalogue.itemsUnder(leaf);
    if (count < 2) continue;
    shared.push({ leaf, count });
    items += count;
  }
  const largest = shared
    .toSorted((a, b) => b.count - a.count)
    .slice(0, examples)
    .map(({ leaf }) => ({ codes: codesAt(catalogue, leaf), items: catalogue.itemsAt(leaf) }));
  return { paths: shared.length, items, largest };
}
