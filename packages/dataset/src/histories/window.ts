import { DatasetError } from "../errors.js";

/** Which rows to read, and the size of chunks. */
export interface RowWindow {
  /** Rows to skip. Default: 0. */
  readonly offset?: number | undefined;
  /** Maximum number of rows to read. Default: all. */
  readonly limit?: number | undefined;
  /** Maximum number of rows per chunk. Default: 1,024. */
  readonly chunkRows?: number | undefined;
}

/** The rows from `first` up to, but not including, `end`, in chunks of at most `chunk`. */
export interface Window {
  readonly first: number;
  readonly end: number;
  readonly chunk: number;
}

const DEFAULT_CHUNK_ROWS = 1_024;

/** Checks a window and fills in its defaults. @throws DatasetError BAD_OPTION */
export function windowOf(options: RowWindow): Window {
  const first = whole("offset", options.offset ?? 0, 0);
  const limit = options.limit === undefined ? undefined : whole("limit", options.limit, 0);
  const chunk = whole("chunkRows", options.chunkRows ?? DEFAULT_CHUNK_ROWS, 1);
  return { first, end: limit === undefined ? Number.POSITIVE_INFINITY : first + limit, chunk };
}

/** Collects rows into chunks of equal size. */
export async function* inChunks<T>(
  rows: AsyncIterable<readonly T[]>,
  size: number,
): AsyncGenerator<T[]> {
  let chunk: T[] = [];
  for await (const some of rows) {
    for (const row of some) {
      chunk.push(row);
      if (chunk.length < size) continue;
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}

function whole(name: string, value: number, min: number): number {
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw new DatasetError("BAD_OPTION", `${name} is ${value}; it must be a whole number >= ${min}.`);
}
