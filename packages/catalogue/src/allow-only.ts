import type { Catalogue } from "./catalogue.js";
import { type Exclusion, NOTHING_EXCLUDED } from "./exclusion.js";
import { childCount, leafRange, parentOf, ROOT } from "./trie.js";

/**
 * Excludes all items but some, given by index in any order, and of these the ones that a base excludes. Time and memory
 * grow with the number of items given, not with the catalogue; `closedLeaves` alone visits all leaves. Throws RangeError
 * for an index outside 0 to `itemCount - 1`.
 */
export function allowOnly(
  catalogue: Catalogue,
  itemIndices: Iterable<number>,
  base: Exclusion = NOTHING_EXCLUDED,
): Exclusion {
  const { trie } = catalogue;
  const items = new Set<number>();
  for (const item of itemIndices) if (!base.hasItem(item)) items.add(item);
  const allowedAt = new Map<number, number>();
  for (const item of items) {
    const leaf = catalogue.leafOf(item);
    allowedAt.set(leaf, (allowedAt.get(leaf) ?? 0) + 1);
  }
  /** Children that an allowed item is under, by node. Leaves have none. */
  const openChildren = new Map<number, number>();
  for (const leaf of allowedAt.keys()) {
    openChildren.set(leaf, 0);
    for (let node = leaf; node !== ROOT; ) {
      node = parentOf(trie, node);
      const isOpen = openChildren.has(node);
      openChildren.set(node, (openChildren.get(node) ?? 0) + 1);
      if (isOpen) break;
    }
  }
  const leaves = leafRange(trie, ROOT);
  return {
    size: catalogue.itemCount - items.size,
    hasItem: (index) => !items.has(index),
    isDead: (node) => !openChildren.has(node),
    hasDeadNodes: allowedAt.size < leaves.end - leaves.first,
    base: undefined,
    closedLeaves: () => {
      const closed = new Uint32Array(leaves.end - leaves.first - allowedAt.size);
      let at = 0;
      for (let leaf = leaves.first; leaf < leaves.end; leaf++) {
        if (!allowedAt.has(leaf)) closed[at++] = leaf;
      }
      return closed;
    },
    excludedAt: (leaf) => catalogue.itemsUnder(leaf) - (allowedAt.get(leaf) ?? 0),
    deadChildren: (node) => childCount(trie, node) - (openChildren.get(node) ?? 0),
  };
}
