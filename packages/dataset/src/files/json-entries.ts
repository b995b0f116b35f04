import { DatasetError } from "../errors.js";
import type { Line, LineSource } from "./lines.js";
import { DEFAULT_MAX_LINE_BYTES } from "./lines.js";
import { readBytes } from "./open-bytes.js";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN = new Set([0x5b, 0x7b]);
const CLOSE = new Set([0x5d, 0x7d]);
const SPACE = new Set([0x20, 0x09, 0x0a, 0x0d]);
const MARK = new Set([0xef, 0xbb, 0xbf]);

/**
 * Streams the entries of one JSON array or object, as `value` or `"key": value`, with one read and one
 * entry in memory. Entries are numbered from 1. An entry that is not valid JSON does not affect the
 * others, as long as its quotes and brackets are closed.
 *
 * @throws DatasetError FILE_NOT_FOUND, UNREADABLE
 */
export async function* readJsonEntries(source: LineSource): AsyncGenerator<Line[]> {
  const splitter = new EntrySplitter(source);
  for await (const chunk of readBytes(source.path)) {
    const entries = splitter.push(chunk);
    if (entries.length > 0) yield entries;
  }
  splitter.end();
}

class EntrySplitter {
  readonly #path: string;
  readonly #limit: number;
  #number = 0;
  #depth = 0;
  #quoted = false;
  #escaped = false;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #state: "before" | "inside" | "after" = "before";

  constructor({ path, maxLineBytes = DEFAULT_MAX_LINE_BYTES }: LineSource) {
    this.#path = path;
    this.#limit = maxLineBytes;
  }

  push(chunk: Buffer): Line[] {
    const entries: Line[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (this.#state !== "inside") {
        this.#around(byte);
        from = at + 1;
        continue;
      }
      if (!this.#endsEntry(byte)) continue;
      this.#add(chunk.subarray(from, at));
      entries.push(...this.#finish());
      from = at + 1;
      if (this.#depth === 0) this.#state = "after";
    }
    this.#add(chunk.subarray(from));
    return entries;
  }

  end(): void {
    if (this.#state !== "after") throw this.#problem(`it ends within entry ${this.#number + 1}`);
  }

  /** A byte in front of the document or after it. */
  #around(byte: number): void {
    if (SPACE.has(byte) || (this.#state === "before" && MARK.has(byte))) return;
    if (this.#state === "after") throw this.#problem("text follows the JSON value");
    this.#depth = 1;
    this.#state = "inside";
  }

  #endsEntry(byte: number): boolean {
    if (this.#quoted) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) this.#quoted = false;
      return false;
    }
    if (byte === QUOTE) this.#quoted = true;
    else if (OPEN.has(byte)) this.#depth++;
    else if (CLOSE.has(byte)) {
      this.#depth--;
      return this.#depth === 0;
    }
    return byte === COMMA && this.#depth === 1;
  }

  #add(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#bytes > this.#limit) this.#pieces = [];
    else if (piece.length > 0) this.#pieces.push(piece);
  }

  #finish(): Line[] {
    const bytes = this.#bytes > this.#limit ? null : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#bytes = 0;
    // `[]`, and the end of a list after a comma.
    if (bytes?.every((byte) => SPACE.has(byte))) return [];
    this.#number++;
    return [{ number: this.#number, bytes }];
  }

  #problem(problem: string): DatasetError {
    return new DatasetError(
      "UNREADABLE",
      `${this.#path} is not one JSON array or object: ${problem}. Write it again, or as JSON lines (.jsonl).`,
    );
  }
}
