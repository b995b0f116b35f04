import { assemble } from "./assemble.js";
import type { Catalogue } from "./catalogue.js";
import { CatalogueError, type CatalogueErrorCode } from "./errors.js";
import { excerpt } from "./excerpt.js";
import { fillSlots, findSlot } from "./id-slots.js";
import { canonicalOrder } from "./item-table.js";
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

/** Collects entries one at a time in flat, growing arrays: no object is kept per item. */
export class CatalogueBuilder {
  #levels = 0;
  #count = 0;
  #codes = new Uint16Array(4096);
  #idBytes = new Uint8Array(8192);
  #idStart = new Uint32Array(1024);
  #slots = new Uint32Array(1024);

  /** Adds one entry. Throws CatalogueError as buildCatalogue does; the entry is then not added. */
  add(entry: CatalogueEntry): void {
    this.#checkCodes(entry);
    const begin = this.#idStart[this.#count] ?? 0;
    const end = this.#writeId(entry, begin);
    const slot = findSlot(this.#table(), { bytes: this.#idBytes, begin, end });
    const earlier = this.#slots[slot] ?? 0;
    if (earlier > 0) {
      throw refusal(entry, {
        code: "DUPLICATE_ITEM",
        problem: `item ${excerpt(entry.id)} is listed already, as item number ${earlier}`,
        remedy: "Give every item one code path and list it once",
      });
    }
    this.#levels = entry.codes.length;
    const codesAt = this.#count * this.#levels;
    this.#codes = withRoom(this.#codes, {
      length: codesAt + this.#levels,
      make: (length) => new Uint16Array(length),
    });
    this.#codes.set(entry.codes, codesAt);
    this.#idStart = withRoom(this.#idStart, {
      length: this.#count + 2,
      make: (length) => new Uint32Array(length),
    });
    this.#count += 1;
    this.#idStart[this.#count] = end;
    this.#slots[slot] = this.#count;
    if (this.#count * 2 > this.#slots.length) this.#growSlots();
  }

  /** The catalogue of the entries added so far. Throws CatalogueError EMPTY if there are none. */
  build(): Catalogue {
    if (this.#count === 0) {
      throw new CatalogueError({
        code: "EMPTY",
        problem: "The catalogue has no items",
        remedy: "Check that the right file is named and that it lists items with their codes",
      });
    }
    const table = {
      levels: this.#levels,
      count: this.#count,
      codes: this.#codes,
      idBytes: this.#idBytes,
      idStart: this.#idStart,
    };
    return assemble(table, canonicalOrder(table));
  }

  #table() {
    return { slots: this.#slots, idBytes: this.#idBytes, idStart: this.#idStart };
  }

  #growSlots(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    fillSlots(this.#table(), this.#count);
  }

  /** Writes the id after the others and returns its end; it counts only once entered. */
  #writeId(entry: CatalogueEntry, begin: number): number {
    this.#idBytes = withRoom(this.#idBytes, {
      length: begin + entry.id.length * 3,
      make: (length) => new Uint8Array(length),
    });
    const end = writeUtf8(entry.id, { bytes: this.#idBytes, at: begin });
    if (end > begin) return end;
    throw refusal(entry, {
      code: "BAD_ITEM_ID",
      problem:
        end === begin ? "the item's id is empty" : "the item's id is not well-formed Unicode text",
      remedy: "Give the item an id that can be written as UTF-8",
    });
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
    if (this.#count > 0 && codes.length !== this.#levels) {
      throw refusal(entry, {
        code: "UNEVEN_LEVELS",
        problem: `${codes.length} codes (${excerpt(Array.from(codes))}), but the items before have ${this.#levels}`,
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

interface Growable<T> {
  readonly length: number;
  set(source: T): void;
}

/** The array itself if it is long enough, else a copy at least twice as long. */
function withRoom<T extends Growable<T>>(
  array: T,
  { length, make }: { length: number; make: (length: number) => T },
): T {
  if (length <= array.length) return array;
  const larger = make(Math.max(length, array.length * 2));
  larger.set(array);
  return larger;
}
