import type { Catalogue } from "./catalogue.js";
import { findSlot } from "./id-slots.js";
import { type Counts, HEADER, type Sections, sectionsOf } from "./layout.js";
import { leafRange, type Trie } from "./trie.js";
import { writeUtf8 } from "./utf8.js";

/** A catalogue that reads a prepared file in place. The bytes have been checked, or just written. */
export class PreparedCatalogue implements Catalogue {
  readonly trie: Trie;
  readonly closingLevels: number;
  readonly itemCount: number;
  readonly hash: string;
  readonly codesPerLevel: Uint32Array;
  readonly prepared: Uint8Array<SharedArrayBuffer>;
  readonly #sections: Sections;
  /** First leaf's node id. */
  readonly #leafStart: number;
  // An id that starts with U+FEFF keeps it.
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  /** Where ids are encoded for a look-up. */
  #scratch = new Uint8Array(64);

  constructor(buffer: SharedArrayBuffer, counts: Counts, closingLevels = 0) {
    const sections = sectionsOf(buffer, counts);
    const { codes, firstChild, levelStart } = sections;
    this.trie = { levels: counts.levels, codes, firstChild, levelStart };
    this.closingLevels = closingLevels;
    this.itemCount = counts.items;
    this.codesPerLevel = sections.codesPerLevel;
    this.prepared = new Uint8Array(buffer);
    this.hash = hexOf(this.prepared.subarray(HEADER.hash, HEADER.checksum));
    this.#sections = sections;
    this.#leafStart = counts.nodes - counts.leaves;
  }

  itemIndex(id: string): number | undefined {
    if (this.#scratch.length < id.length * 3) this.#scratch = new Uint8Array(id.length * 3);
    const end = writeUtf8(id, { bytes: this.#scratch, at: 0 });
    if (end < 0) return undefined;
    const slot = findSlot(this.#sections, { bytes: this.#scratch, begin: 0, end });
    const entry = this.#sections.slots[slot] ?? 0;
    return entry === 0 ? undefined : entry - 1;
  }

  itemId(index: number): string {
    this.#checkItem(index);
    const { idBytes, idStart } = this.#sections;
    return this.#decoder.decode(idBytes.subarray(idStart[index], idStart[index + 1]));
  }

  leafOf(index: number): number {
    this.#checkItem(index);
    return this.#sections.leafOfItem[index] ?? 0;
  }

  itemsAt(leaf: number): Uint32Array {
    const nth = leaf - this.#leafStart;
    const first = this.#sections.firstItem[nth];
    const end = this.#sections.firstItem[nth + 1];
    if (first === undefined || end === undefined)
      throw new RangeError(`node ${leaf} is not a leaf`);
    // Written rather than viewed: a view would need a stored array whose element i is i, and for the
    // few items that share a path a small new array costs no more than a view object.
    const items = new Uint32Array(end - first);
    for (let i = 0; i < items.length; i++) items[i] = first + i;
    return items;
  }

  itemsUnder(node: number): number {
    if (!(node in this.trie.codes)) throw new RangeError(`the trie has no node ${node}`);
    const { first, end } = leafRange(this.trie, node);
    const { firstItem } = this.#sections;
    return (firstItem[end - this.#leafStart] ?? 0) - (firstItem[first - this.#leafStart] ?? 0);
  }

  #checkItem(index: number): void {
    if (!Number.isInteger(index) || index < 0 || index >= this.itemCount) {
      throw new RangeError(`item index ${index} is outside 0 to ${this.itemCount - 1}`);
    }
  }
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
