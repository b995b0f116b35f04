import type { ReadonlyUint16Array, ReadonlyUint32Array } from "./readonly-arrays.js";

/**
 * The catalogue's trie in typed arrays.
 *
 * Vocabulary: an item is written as `levels` codes, its code path; a prefix is the first t codes of
 * a path; a trie node is a distinct prefix. Nodes are numbered breadth-first, siblings in ascending
 * order of their code, the root is 0. Two things follow, and the search relies on both:
 * the children of a node are consecutive ids, and among nodes of one depth the order of ids is the
 * lexicographic order of code paths (the tie-break of the beam search).
 *
 * The arrays may be on a SharedArrayBuffer, so that worker threads read one copy.
 */
export interface Trie {
  /** L, the number of codes of a path: 2 to 8, and those of closing levels. */
  readonly levels: number;
  /** Code of every node, 0 to 65,535; `codes[0]` belongs to the root and means nothing. Shape [nodes]. */
  readonly codes: ReadonlyUint16Array;
  /** Children of node x are the ids `firstChild[x]` up to, not including, `firstChild[x + 1]`. Shape [nodes + 1]. */
  readonly firstChild: ReadonlyUint32Array;
  /** Nodes of depth d are the ids `levelStart[d]` up to, not including, `levelStart[d + 1]`. Shape [levels + 2]. */
  readonly levelStart: ReadonlyUint32Array;
}

/** Codes of an item, at most. */
export const MAX_LEVELS = 8;

/** Levels that may follow those of the codes, at most (`addClosingLevels`). */
export const MAX_CLOSING_LEVELS = 4;

/** The root's node id: the empty prefix. */
export const ROOT = 0;

/** Consecutive node ids: from `first` up to, not including, `end`. */
export interface NodeRange {
  readonly first: number;
  readonly end: number;
}

/** The children of a node, in ascending order of their codes; empty for a leaf. */
export function childRange({ firstChild }: Pick<Trie, "firstChild">, node: number): NodeRange {
  return { first: firstChild[node] ?? 0, end: firstChild[node + 1] ?? 0 };
}

/** The leaves below a node; of a leaf, the leaf itself. O(levels). */
export function leafRange({ levels, levelStart, firstChild }: Trie, node: number): NodeRange {
  // The nodes below stay consecutive from depth to depth: follow both ends down to the leaves.
  const leafStart = levelStart[levels] ?? 0;
  let first = node;
  let end = node + 1;
  while (first < leafStart) {
    first = firstChild[first] ?? 0;
    end = firstChild[end] ?? 0;
  }
  return { first, end };
}

/** Number of children of a node; 0 for a leaf. */
export function childCount(trie: Trie, node: number): number {
  const { first, end } = childRange(trie, node);
  return end - first;
}

/** Codes of a node's children, ascending: a view, nothing is copied. */
export function childCodes(trie: Trie, node: number): ReadonlyUint16Array {
  const { first, end } = childRange(trie, node);
  return trie.codes.subarray(first, end);
}

/** The child of `node` with this `code`, or -1 if the catalogue has none. O(log children). */
export function childOf(
  trie: Pick<Trie, "codes" | "firstChild">,
  node: number,
  code: number,
): number {
  const { first, end } = childRange(trie, node);
  let low = first;
  let high = end - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = trie.codes[middle] ?? 0;
    if (found === code) return middle;
    if (found < code) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** Number of codes of a node's prefix: 0 for the root, `levels` for a leaf. */
export function depthOf(trie: Trie, node: number): number {
  let depth = 0;
  while (node >= (trie.levelStart[depth + 1] ?? Number.POSITIVE_INFINITY)) depth++;
  return depth;
}

/**
 * The parent of a node other than the root. O(log nodes): a stored parent would cost four bytes per
 * node, and every inner node has a child, so `firstChild` rises strictly up to the leaves, whose
 * empty ranges all start past the last node: the parent is the last node whose range starts at or
 * before `node`.
 */
export function parentOf(trie: Trie, node: number): number {
  let low = 0;
  let high = node - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((trie.firstChild[middle] ?? 0) <= node) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The codes on the way from the root to a node. Shape [depth]. */
export function pathOf(trie: Trie, node: number): number[] {
  const path: number[] = [];
  for (let at = node; at !== ROOT; at = parentOf(trie, at)) path.push(trie.codes[at] ?? 0);
  return path.reverse();
}

/** The node of a prefix, or -1 if no item's code path begins with it. */
export function findPrefix(trie: Trie, codes: Iterable<number>): number {
  let node = ROOT;
  for (const code of codes) {
    node = childOf(trie, node, code);
    if (node < 0) return -1;
  }
  return node;
}

/** Number of nodes of every depth, the root's first. Shape [levels + 1]. */
export function levelWidths(trie: Trie): number[] {
  const widths: number[] = [];
  for (let depth = 0; depth <= trie.levels; depth++) {
    widths.push((trie.levelStart[depth + 1] ?? 0) - (trie.levelStart[depth] ?? 0));
  }
  return widths;
}

/** Largest code + 1 of each level. Shape [levels]. */
export function codesPerLevel({ levels, levelStart, codes }: Trie): Uint32Array {
  return Uint32Array.from({ length: levels }, (_, level) => {
    let largest = 0;
    const end = levelStart[level + 2] ?? 0;
    for (let node = levelStart[level + 1] ?? 0; node < end; node++) {
      largest = Math.max(largest, codes[node] ?? 0);
    }
    return largest + 1;
  });
}
