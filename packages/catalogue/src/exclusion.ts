import type { Catalogue } from "./catalogue.js";
import { childCount, parentOf, ROOT, type Trie } from "./trie.js";

/** Items that one user must not get, such as those already seen. */
export interface Exclusion {
  /** Number of items excluded. */
  readonly size: number;
  /** Whether an item index is excluded. */
  hasItem(index: number): boolean;
  /** True if every item below the node is excluded: the search must not enter it. */
  isDead(node: number): boolean;
  /** False if no node is dead, so the search need not ask. The root is dead if all items are. */
  readonly hasDeadNodes: boolean;
  /** The exclusion that users have in common and that this one adds to; undefined if there is none. */
  readonly base: Exclusion | undefined;
  /**
   * The leaves that are dead here and not in `base`, ascending, which is in the order of their code
   * paths. Together with those of `base` they decide which nodes are dead. Sorted on each call.
   */
  closedLeaves(): Uint32Array;
  /** Number of a leaf's items that are excluded. */
  excludedAt(leaf: number): number;
  /** Number of a node's children that are dead. */
  deadChildren(node: number): number;
}

/** Nothing is excluded. */
export const NOTHING_EXCLUDED: Exclusion = {
  size: 0,
  hasItem: () => false,
  isDead: () => false,
  hasDeadNodes: false,
  base: undefined,
  closedLeaves: () => new Uint32Array(),
  excludedAt: () => 0,
  deadChildren: () => 0,
};

/**
 * Excludes some items, given by index in any order, in addition to those of a base that users have
 * in common; repetitions count once. Time and memory grow with the number of items given, not with
 * the catalogue or the base. Throws RangeError for an index outside 0 to `itemCount - 1`.
 */
export function excludeItems(
  catalogue: Catalogue,
  itemIndices: Iterable<number>,
  base: Exclusion = NOTHING_EXCLUDED,
): Exclusion {
  const items = new Set<number>();
  for (const item of itemIndices) if (!base.hasItem(item)) items.add(item);
  const excludedAt = new Map<number, number>();
  for (const item of items) countUp(excludedAt, catalogue.leafOf(item));
  const dead = new Set<number>();
  for (const [leaf, excluded] of excludedAt) {
    if (excluded + base.excludedAt(leaf) === catalogue.itemsUnder(leaf)) dead.add(leaf);
  }
  const closed = [...dead];
  const deadChildren = closeUpwards(catalogue.trie, { dead, base });
  return {
    size: base.size + items.size,
    hasItem: (index) => items.has(index) || base.hasItem(index),
    isDead: (node) => dead.has(node) || base.isDead(node),
    hasDeadNodes: dead.size > 0 || base.hasDeadNodes,
    base: base === NOTHING_EXCLUDED ? undefined : base,
    closedLeaves: () => Uint32Array.from(closed).sort(),
    excludedAt: (leaf) => (excludedAt.get(leaf) ?? 0) + base.excludedAt(leaf),
    deadChildren: (node) => (deadChildren.get(node) ?? 0) + base.deadChildren(node),
  };
}

/**
 * Adds to the dead leaves the nodes that die with them, depth by depth towards the root: a node dies
 * with the last of its children. Returns how many children of each node died.
 */
function closeUpwards(
  trie: Trie,
  options: { dead: Set<number>; base: Exclusion },
): Map<number, number> {
  const { dead, base } = options;
  const deadChildren = new Map<number, number>();
  let dying = [...dead];
  while (dying.length > 0 && dying[0] !== ROOT) {
    const parents = new Set<number>();
    for (const node of dying) {
      const parent = parentOf(trie, node);
      countUp(deadChildren, parent);
      parents.add(parent);
    }
    dying = [...parents].filter(
      (node) => (deadChildren.get(node) ?? 0) + base.deadChildren(node) === childCount(trie, node),
    );
    for (const node of dying) dead.add(node);
  }
  return deadChildren;
}

function countUp(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
