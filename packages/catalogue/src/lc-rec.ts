import { CatalogueBuilder } from "./build.js";
import type { Catalogue } from "./catalogue.js";
import { type PathValue, parseCodePath } from "./code-path.js";
import { CatalogueError } from "./errors.js";
import { excerpt } from "./excerpt.js";
import { JsonScanner, type TextPlace } from "./json-scanner.js";
import { PlainEntries } from "./plain-entries.js";

/**
 * A catalogue from the text of an LC-Rec index file:
 * `{"<item id>": ["<a_47>", "<b_103>", …], …}`, where the letter of a token is its level's: a for
 * the first code, b for the second, and so on. The other spellings of `parseCodePath` are read as well.
 *
 * Throws CatalogueError BAD_JSON for text of another shape, BAD_CODE for a malformed token or one of
 * another level, and what buildCatalogue throws; an item that the file lists twice is a
 * DUPLICATE_ITEM.
 */
export function parseLcRecIndex(text: string): Catalogue {
  const builder = new CatalogueBuilder();
  const reader = new LcRecReader(builder);
  reader.push(Buffer.from(text));
  reader.end();
  return builder.build();
}

/** Several tokens: a key that is one is not an item's id. */
const CODE_PATH = /^(<[^<>]*\d[^<>]*>){2,}$/;
/** Bytes that are decoded to read an entry of an unusual spelling; more if it is longer. */
const TEXT_BYTES = 4_096;
const LINE_FEED = 0x0a;

/** Adds the items of an LC-Rec index, whose bytes arrive in pieces, to a builder. Throws as `parseLcRecIndex`. */
export class LcRecReader {
  readonly #builder: CatalogueBuilder;
  readonly #plain: PlainEntries;
  /** What the next character begins or ends. */
  #expects: "index" | "first entry" | "entry" | "comma" | "end" = "index";
  #place: TextPlace = { line: 1, column: 1 };
  /** The bytes that have not been read. */
  #rest: Uint8Array = new Uint8Array(0);
  /** Pieces after these, and the bytes that all must have before it is worth another look. */
  #pieces: Uint8Array[] = [];
  #needed = 0;

  constructor(builder: CatalogueBuilder) {
    this.#builder = builder;
    this.#plain = new PlainEntries(builder);
  }

  push(piece: Uint8Array): void {
    this.#pieces.push(piece);
    const size = this.#pieces.reduce((sum, { length }) => sum + length, this.#rest.length);
    if (size < this.#needed) return;
    this.#join();
    this.#read({ isLast: false });
    // An entry of many pieces takes linear time.
    this.#needed = this.#rest.length === size ? 2 * size : 0;
  }

  /** Reads what is left. Throws BAD_JSON if the index is not complete. */
  end(): void {
    this.#join();
    this.#read({ isLast: true });
  }

  #join(): void {
    this.#rest = Buffer.concat([this.#rest, ...this.#pieces]);
    this.#pieces = [];
  }

  #read({ isLast }: { isLast: boolean }): void {
    let textBytes = TEXT_BYTES;
    for (;;) {
      if (this.#expects === "comma") this.#readPlain();
      const size = Math.min(this.#rest.length, textBytes);
      const isAll = size === this.#rest.length;
      if (isAll && !isLast) return;
      const isRead = this.#readText(this.#rest.subarray(0, size), { isLast: isAll });
      if (isAll) return;
      textBytes = isRead ? TEXT_BYTES : textBytes * 2;
    }
  }

  /** Reads as many entries as are written in the usual way, each with the comma before it. */
  #readPlain(): void {
    const end = this.#plain.read(this.#rest);
    let { line, column } = this.#place;
    let from = 0;
    for (;;) {
      const at = this.#rest.subarray(from, end).indexOf(LINE_FEED);
      if (at < 0) break;
      from += at + 1;
      line += 1;
      column = 1;
    }
    // They are ASCII.
    this.#place = { line, column: column + end - from };
    this.#rest = this.#rest.subarray(end);
  }

  /** Reads what is complete in some bytes. Returns whether anything was. */
  #readText(bytes: Uint8Array, { isLast }: { isLast: boolean }): boolean {
    let size = bytes.length;
    // A character of several bytes may be cut.
    while (!isLast && size > 0 && (bytes[size - 1] ?? 0) >= 0x80) size--;
    let text = Buffer.from(bytes.subarray(0, size)).toString("utf8");
    if (this.#expects === "index" && text.startsWith("\uFEFF")) text = text.slice(1);
    const scanner = new JsonScanner(text, this.#place);
    let position = 0;
    try {
      do {
        this.#step(scanner);
        position = scanner.position;
      } while (this.#expects !== "end");
      scanner.end();
      position = scanner.position;
    } catch (error) {
      const isJson = error instanceof CatalogueError && error.code === "BAD_JSON";
      if (isLast || !isJson || !scanner.isShort()) throw error;
    }
    this.#place = scanner.placeOf(position);
    this.#rest = this.#rest.subarray(Buffer.byteLength(text.slice(0, position)));
    return position > 0;
  }

  #step(scanner: JsonScanner): void {
    switch (this.#expects) {
      case "index":
        scanner.expect("{", "at the start of the index");
        this.#expects = "first entry";
        return;
      case "first entry":
        if (scanner.accept("}")) this.#expects = "end";
        else this.#entry(scanner);
        return;
      case "entry":
        this.#entry(scanner);
        return;
      case "comma":
        if (scanner.accept(",")) this.#expects = "entry";
        else {
          scanner.expect("}", "or a comma after an item");
          this.#expects = "end";
        }
        return;
      case "end":
        return;
      default:
        this.#expects satisfies never;
    }
  }

  // Read with a scanner of its own, because JSON.parse silently keeps the last of two equal keys.
  #entry(scanner: JsonScanner): void {
    const id = scanner.string("an item id");
    const where = `item ${excerpt(id)}`;
    scanner.expect(":", `after ${where}`);
    if (CODE_PATH.test(id)) throw inverseIndex(id);
    this.#builder.add({ id, codes: parseCodePath(pathOf(scanner, where), where), where });
    this.#expects = "comma";
  }
}

function inverseIndex(key: string): CatalogueError {
  return new CatalogueError({
    code: "BAD_ITEM_ID",
    problem: `The index has code paths as keys, such as ${excerpt(key)}`,
    remedy: 'Write it the other way round: {"<item id>": ["<a_1>", "<b_2>"]}',
  });
}

function pathOf(scanner: JsonScanner, where: string): PathValue {
  if (scanner.isAt('"')) return scanner.string(`the codes of ${where}`);
  const codes: (string | number)[] = [];
  scanner.expect("[", `of ${where}`);
  if (scanner.accept("]")) return codes;
  do {
    const what = `a code token of ${where}`;
    codes.push(scanner.isAt('"') ? scanner.string(what) : scanner.number(what));
  } while (scanner.accept(","));
  scanner.expect("]", `or a comma among the codes of ${where}`);
  return codes;
}
