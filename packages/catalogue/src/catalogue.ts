import type { Trie } from "./trie.js";

/**
 * The items of a run and their code paths: immutable, named by content.
 *
 * An item has an id (the user's string) and an index, dense from 0 to `itemCount - 1`. Indices
 * follow the leaves, and on one leaf the UTF-8 bytes of the ids, so the items below any node are
 * consecutive indices.
 */
export interface Catalogue {
  readonly trie: Trie;
  /** Last levels of the trie that are no codes of items (`addClosingLevels`); 0 for most catalogues. */
  readonly closingLevels: number;
  readonly itemCount: number;
  /**
   * SHA-256 in hex over the items and their paths. It depends neither on the order of the items in
   * the source nor on its format.
   */
  readonly hash: string;
  /** Largest code + 1 of each level. Shape [levels]. */
  readonly codesPerLevel: Uint32Array;
  /**
   * The whole catalogue as a prepared file, on a SharedArrayBuffer. All arrays above are views of
   * it, so posting it to a worker thread and decoding it there shares the memory.
   */
  readonly prepared: Uint8Array<SharedArrayBuffer>;
  /** Index of an item id, or undefined if the catalogue has no such item. */
  itemIndex(id: string): number | undefined;
  /** Id of an item. Throws RangeError for an index outside 0 to `itemCount - 1`. */
  itemId(index: number): string;
  /** Trie node of an item's leaf. Throws RangeError for an index outside 0 to `itemCount - 1`. */
  leafOf(index: number): number;
  /**
   * Indices of the items on one path, ascending and consecutive; at least one. Throws RangeError
   * for a node that is not a leaf.
   */
  itemsAt(leaf: number): Uint32Array;
  /** Number of items below a node of the trie, O(levels). Throws RangeError if there is no such node. */
  itemsUnder(node: number): number;
}
