import type { CatalogueBuilder, EncodedEntry } from "./build.js";
import { MAX_LEVELS } from "./trie.js";

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_LIST, CLOSE_LIST, LESS, GREATER, UNDERSCORE] = [0x5b, 0x5d, 0x3c, 0x3e, 0x5f];
const [ZERO, NINE, LETTER_A] = [0x30, 0x39, 0x61];

/**
 * Reads entries of an LC-Rec index from bytes, as long as they are written as LC-Rec writes them: an ASCII id without
 * escapes, and tokens `<a_1>`, `<b_2>`, …. Large indexes have millions of them; text and regular expressions take ten times
 * longer.
 */
export class PlainEntries {
  readonly #builder: CatalogueBuilder;
  readonly #entry: EncodedEntry = {
    ...{ bytes: new Uint8Array(0), begin: 0, end: 0 },
    ...{ codes: new Uint16Array(MAX_LEVELS), levels: 0 },
  };
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(builder: CatalogueBuilder) {
    this.#builder = builder;
  }

  /**
   * Adds entries to the builder, each after a comma. Returns the end of the last one that is complete and as described;
   * whatever follows is left.
   */
  read(bytes: Uint8Array): number {
    this.#bytes = bytes;
    this.#at = 0;
    let end = 0;
    while (this.#readEntry()) end = this.#at;
    return end;
  }

  #readEntry(): boolean {
    const entry = this.#entry;
    if (!this.#accept(COMMA) || !this.#accept(QUOTE)) return false;
    entry.bytes = this.#bytes;
    entry.begin = this.#at;
    // A code path as the key is an error.
    if (this.#bytes[this.#at] === LESS) return false;
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined || byte < 0x20 || byte === BACKSLASH) return false;
      this.#at++;
      if (byte === QUOTE) break;
    }
    entry.end = this.#at - 1;
    if (!this.#accept(COLON) || !this.#accept(OPEN_LIST)) return false;
    entry.levels = 0;
    do {
      if (entry.levels === MAX_LEVELS || !this.#readToken(entry.levels)) return false;
      entry.levels++;
    } while (this.#accept(COMMA));
    return this.#accept(CLOSE_LIST) && this.#builder.addEncoded(entry);
  }

  /** `"<a_12>"` */
  #readToken(level: number): boolean {
    if (!this.#accept(QUOTE)) return false;
    const bytes = this.#bytes;
    let at = this.#at;
    if (bytes[at++] !== LESS || bytes[at++] !== LETTER_A + level || bytes[at++] !== UNDERSCORE) {
      return false;
    }
    const first = at;
    let code = 0;
    for (let byte = bytes[at] ?? 0; byte >= ZERO && byte <= NINE; byte = bytes[++at] ?? 0) {
      code = 10 * code + byte - ZERO;
    }
    const digits = at - first;
    if (digits === 0 || digits > 5 || code > 0xffff) return false;
    if (digits > 1 && bytes[first] === ZERO) return false;
    if (bytes[at++] !== GREATER || bytes[at++] !== QUOTE) return false;
    this.#at = at;
    this.#entry.codes[level] = code;
    return true;
  }

  /** Passes over white space and one byte, if that comes next. */
  #accept(mark: number): boolean {
    const bytes = this.#bytes;
    let at = this.#at;
    let byte = bytes[at];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++at];
    if (byte !== mark) return false;
    this.#at = at + 1;
    return true;
  }
}
