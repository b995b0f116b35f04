import type { Catalogue } from "./catalogue.js";
import { childCount, parentOf, ROOT, type Trie } from "./trie.js";

/** Items that one user must not get, such as those already seen. */
export interface Exclusion {
  /** Number of items excluded. */
  readonly size: number;
  /** Whether an item index is excluded. */
  hasItem(index: number): boolean;
  /** True where every item below the node is excluded: the search must not enter it. */
  isDead(node: number): boolean;
  /** False where the search need not ask: no node is dead. The root is dead if all items are. */
  readonly hasDeadNodes: boolean;
  /** Equal for exclusions that close the same nodes to the search, whatever items caused it. */
  readonly signature: string;
}

/** Nothing is excluded. */
export const NOTHING_EXCLUDED: Exclusion = {
  size: 0,
  hasItem: () => false,
  isDead: () => false,
  hasDeadNodes: false,
  signature: "",
};

/**
 * The exclusion of some items, given by index in any order; repetitions count once. Time and memory
 * go with the number of excluded items, not with the catalogue. Throws RangeError for an index
 * outside 0 to `itemCount - 1`.
 */
export function excludeItems(catalogue: Catalogue, itemIndices: Iterable<number>): Exclusion {
  const items = new Set(itemIndices);
  const excludedAt = new Map<number, number>();
  for (const item of items) countUp(excludedAt, catalogue.leafOf(item));
  let dead: number[] = [];
  for (const [leaf, excluded] of excludedAt) {
    if (excluded === catalogue.itemsUnder(leaf)) dead.push(leaf);
  }
  const deadNodes = new Set(dead);
  // Depth by depth towards the root: a node dies with the last of its children.
  while (dead.length > 0 && dead[0] !== ROOT) {
    dead = parentsThatDie(catalogue.trie, dead);
    for (const node of dead) deadNodes.add(node);
  }
  return {
    size: items.size,
    hasItem: (index) => items.has(index),
    isDead: (node) => deadNodes.has(node),
    hasDeadNodes: deadNodes.size > 0,
    signature: [...deadNodes].sort((a, b) => a - b).join(" "),
  };
}

/** Parents all of whose children are among the dead nodes of one depth. */
function parentsThatDie(trie: Trie, dead: readonly number[]): number[] {
  const deadChildren = new Map<number, number>();
  for (const node of dead) countUp(deadChildren, parentOf(trie, node));
  const dying: number[] = [];
  for (const [parent, count] of deadChildren) {
    if (count === childCount(trie, parent)) dying.push(parent);
  }
  return dying;
}

function countUp(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
