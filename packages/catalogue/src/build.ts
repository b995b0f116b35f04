import { assemble } from "./assemble.js";
import type { Catalogue } from "./catalogue.js";
import { CatalogueError, type CatalogueErrorCode } from "./errors.js";
import { excerpt } from "./excerpt.js";
import { BLOCK_ROWS, ItemBlock } from "./item-block.js";
import { sortTable } from "./item-table.js";
import { MAX_LEVELS } from "./trie.js";
import { writeUtf8 } from "./utf8.js";

/** One item of a catalogue's source. */
export interface CatalogueEntry {
  /** The item's id: any text but the empty one. */
  readonly id: string;
  /** Its code path: 2 to 8 integers of 0 to 65,535, as many as every other item has. */
  readonly codes: ArrayLike<number>;
  /** Where the entry is in its source, for messages: `line 17`, `item "123"`. */
  readonly where: string;
}

/**
 * Builds a catalogue from entries in any order. Throws CatalogueError EMPTY, UNEVEN_LEVELS,
 * LEVELS_OUT_OF_RANGE, CODE_OUT_OF_RANGE, BAD_CODE, BAD_ITEM_ID or DUPLICATE_ITEM. For a source
 * that arrives over time, see CatalogueBuilder.
 */
export function buildCatalogue(entries: Iterable<CatalogueEntry>): Catalogue {
  const builder = new CatalogueBuilder();
  for (const entry of entries) builder.add(entry);
  return builder.build();
}

/** An entry whose id is UTF-8 already. A reader may use one object for all entries. */
export interface EncodedEntry {
  /** The id is `bytes[begin]` up to, not including, `bytes[end]`. */
  bytes: Uint8Array;
  begin: number;
  end: number;
  /** The first `levels` are the code path. */
  readonly codes: Uint16Array;
  levels: number;
}

/** Collects entries one at a time in flat, growing arrays: no object is kept per item. */
export class CatalogueBuilder {
  #blocks: ItemBlock[] = [];
  #last = new ItemBlock(0);

  /**
   * Adds one entry. Throws CatalogueError as buildCatalogue does, except for DUPLICATE_ITEM; the entry is then not
   * added.
   */
  add(entry: CatalogueEntry): void {
    this.#checkCodes(entry);
    const { codes, id } = entry;
    const block = this.#roomFor(codes.length, id.length * 3);
    const begin = block.idStart[block.count] ?? 0;
    const end = writeUtf8(id, { bytes: block.idBytes, at: begin });
    if (end > begin) block.push(codes, end);
    else throw badId(entry, end === begin ? "is empty" : "is not well-formed Unicode text");
  }

  /**
   * Adds an entry of an ASCII id. Returns false if it cannot: then decode the id and call `add`, which adds the entry or
   * throws.
   */
  addEncoded({ bytes, begin, end, codes, levels }: EncodedEntry): boolean {
    if (levels < 2 || levels > MAX_LEVELS || end <= begin) return false;
    if (this.#blocks.length > 0 && levels !== this.#last.levels) return false;
    const block = this.#roomFor(levels, end - begin);
    const { idBytes } = block;
    let at = block.idStart[block.count] ?? 0;
    for (let i = begin; i < end; i++) {
      const byte = bytes[i] ?? 0;
      if (byte >= 0x80) return false;
      idBytes[at++] = byte;
    }
    block.push(codes, at);
    return true;
  }

  /**
   * The catalogue of the entries added so far; the builder is empty afterwards. Throws CatalogueError EMPTY,
   * DUPLICATE_ITEM.
   */
  build(): Catalogue {
    if (this.#blocks.length === 0) {
      throw new CatalogueError({
        code: "EMPTY",
        problem: "The catalogue has no items",
        remedy: "Check that the right file is named and that it lists items with their codes",
      });
    }
    const blocks = this.#blocks;
    this.#blocks = [];
    this.#last = new ItemBlock(0);
    return assemble(sortTable(blocks));
  }

  #roomFor(levels: number, idBytes: number): ItemBlock {
    if (this.#blocks.length === 0 || this.#last.count === BLOCK_ROWS) {
      this.#last = new ItemBlock(levels);
      this.#blocks.push(this.#last);
    }
    this.#last.makeRoom(idBytes);
    return this.#last;
  }

  #checkCodes(entry: CatalogueEntry): void {
    const { codes } = entry;
    if (codes.length === 0) {
      throw refusal(entry, {
        code: "LEVELS_OUT_OF_RANGE",
        problem: "the item has no codes",
        remedy: "Give it a code path of 2 to 8 codes, or leave it out",
      });
    }
    const { levels } = this.#last;
    if (this.#blocks.length > 0 && codes.length !== levels) {
      throw refusal(entry, {
        code: "UNEVEN_LEVELS",
        problem: `${codes.length} codes (${excerpt(Array.from(codes))}), but the items before have ${levels}`,
        remedy: "Write every item of a catalogue with the same number of codes",
      });
    }
    if (codes.length < 2 || codes.length > MAX_LEVELS) {
      throw refusal(entry, {
        code: "LEVELS_OUT_OF_RANGE",
        problem: `the number of codes is ${codes.length}`,
        remedy: `Write an item with 2 to ${MAX_LEVELS} codes`,
      });
    }
    for (let level = 0; level < codes.length; level++) {
      const code = codes[level] ?? Number.NaN;
      if (code >= 0 && code <= 0xffff && Number.isInteger(code)) continue;
      const whole = Number.isInteger(code);
      throw refusal(entry, {
        code: whole ? "CODE_OUT_OF_RANGE" : "BAD_CODE",
        problem: `the code of level ${level + 1} is ${code}`,
        remedy:
          code < 0
            ? "Use whole numbers from 0 to 65535 as codes; -1 usually marks a code that is missing: leave such items out"
            : "Use whole numbers from 0 to 65535 as codes",
      });
    }
  }
}

/** An error about one entry. */
function refusal(
  entry: CatalogueEntry,
  detail: { code: CatalogueErrorCode; problem: string; remedy: string },
): CatalogueError {
  return new CatalogueError({ ...detail, problem: `${entry.where}: ${detail.problem}` });
}

function badId(entry: CatalogueEntry, problem: string): CatalogueError {
  return refusal(entry, {
    code: "BAD_ITEM_ID",
    problem: `the item's id ${problem}`,
    remedy: "Give the item an id that can be written as UTF-8",
  });
}
