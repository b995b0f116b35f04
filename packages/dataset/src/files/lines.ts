import { readBytes } from "./open-bytes.js";

/** A line of a text file. */
export interface Line {
  /** The line number, from 1, as an editor shows it. */
  readonly number: number;
  /** Without the line break; null for a line over the limit, whose content was skipped. */
  readonly bytes: Buffer | null;
}

/** A file to read lines from. */
export interface LineSource {
  /** May be compressed with gzip or Zstandard. */
  readonly path: string;
  /** Maximum length of a line in bytes; longer ones are skipped. Default: 64 MiB. */
  readonly maxLineBytes?: number | undefined;
}

/** Enough for a history of millions of items, and a limit for files without line breaks. */
export const DEFAULT_MAX_LINE_BYTES = 64 * 2 ** 20;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Streams the lines of a text file in batches, in file order, with one read and one line in memory.
 *
 * Only a line feed ends a line (a carriage return before it belongs to the break), so a broken line does
 * not affect its neighbours, and line numbers stay exact. DuckDB's text readers guess line breaks and
 * quotes over the whole file, which is why text files are not read with them.
 *
 * @throws DatasetError FILE_NOT_FOUND, UNREADABLE; UNKNOWN_FORMAT for a file that is no text
 */
export async function* readLines(source: LineSource): AsyncGenerator<Line[]> {
  const splitter = new LineSplitter(source.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES);
  for await (const chunk of readBytes(source.path)) {
    const lines = splitter.push(chunk);
    if (lines.length > 0) yield lines;
  }
  const last = splitter.end();
  if (last.length > 0) yield last;
}

/** Splits a sequence of buffers at line feeds. */
class LineSplitter {
  readonly #limit: number;
  #number = 0;
  /** Pieces of the current line; joined when it ends, so that long lines cost linear time. */
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(chunk: Buffer): Line[] {
    const lines: Line[] = [];
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      if (end < 0) break;
      this.#add(chunk.subarray(start, end));
      lines.push(this.#finish());
      start = end + 1;
    }
    if (start < chunk.length) this.#add(chunk.subarray(start));
    return lines;
  }

  end(): Line[] {
    return this.#pendingBytes > 0 ? [this.#finish()] : [];
  }

  #add(piece: Buffer): void {
    this.#pendingBytes += piece.length;
    if (this.#pendingBytes > this.#limit) this.#pending = [];
    else this.#pending.push(piece);
  }

  #finish(): Line {
    const tooLong = this.#pendingBytes > this.#limit;
    const [first, ...more] = this.#pending;
    const whole = first === undefined || more.length > 0 ? Buffer.concat(this.#pending) : first;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#number++;
    if (tooLong) return { number: this.#number, bytes: null };
    const unbroken = whole.at(-1) === CARRIAGE_RETURN ? whole.subarray(0, -1) : whole;
    return { number: this.#number, bytes: this.#number === 1 ? withoutMark(unbroken) : unbroken };
  }
}

/** Spreadsheets write a byte-order mark in front of UTF-8 files; it is not part of the first name. */
function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}
