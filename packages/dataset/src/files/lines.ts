import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { readFailure } from "../errors.js";

/** One line of a text file. */
export interface Line {
  /** From 1, every line of the file counted, as an editor shows it. */
  readonly number: number;
  /** Without its line break; null for a line beyond the limit, whose content was passed over. */
  readonly bytes: Buffer | null;
}

/** What to read lines from. */
export interface LineSource {
  readonly path: string;
  readonly gzip: boolean;
  /** Longer lines are reported, not held. Bytes; default 64 MiB. */
  readonly maxLineBytes?: number | undefined;
}

/** Room for a history of millions of items, and a bound on what a file without breaks can take. */
const DEFAULT_MAX_LINE_BYTES = 64 * 2 ** 20;
const READ_BYTES = 256 * 1024;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * The lines of a text file in batches, in file order. Memory holds one read and one line.
 *
 * Only a line feed ends a line (a carriage return before it belongs to the break), so a broken line
 * cannot pull its neighbours along and numbers stay exact. SQL readers guess line breaks and quotes
 * over the whole file, which is why text does not pass through one.
 *
 * @throws DatasetError FILE_NOT_FOUND, UNREADABLE
 */
export async function* readLines(source: LineSource): AsyncGenerator<Line[]> {
  const splitter = new LineSplitter(source.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES);
  const stream = openBytes(source);
  try {
    for await (const chunk of stream) {
      const lines = splitter.push(chunk);
      if (lines.length > 0) yield lines;
    }
    const last = splitter.end();
    if (last.length > 0) yield last;
  } catch (error) {
    throw readFailure(source.path, error);
  } finally {
    stream.destroy();
  }
}

function openBytes(source: LineSource): Readable {
  const file = createReadStream(source.path, { highWaterMark: READ_BYTES });
  if (!source.gzip) return file;
  const gunzip = createGunzip({ chunkSize: READ_BYTES });
  // The error, if any, also reaches whoever iterates the last stream of the pipeline.
  return pipeline(file, gunzip, () => undefined);
}

/** Cuts a sequence of buffers at line feeds. */
class LineSplitter {
  readonly #limit: number;
  #number = 0;
  /** Pieces of the line under way; joined once it ends, so that long lines cost linear time. */
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

/** Spreadsheets begin UTF-8 files with a byte-order mark; it is no part of the first name. */
function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}
