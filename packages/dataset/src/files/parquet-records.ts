import { isUtf8 } from "node:buffer";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { readFailure } from "../errors.js";
import type { Line } from "./lines.js";
import type { TextTable } from "./text-table.js";
import { parseJson } from "./text-table.js";

/** Half of a surrogate pair: no id has it, and JSON can carry it. */
const NOT_UTF8 = "\ud800";

/**
 * A Parquet file as a table of JSON records, one row group in memory. Several times slower than DuckDB,
 * but a text that is not UTF-8 spoils only its own record, and DuckDB refuses the whole file. Times are
 * in ISO 8601.
 */
export function parquetRecords(path: string, columns: readonly string[]): TextTable {
  return { path, columns, unit: "row", lines: () => recordLines(path, columns), parse: parseJson };
}

async function* recordLines(path: string, columns: readonly string[]): AsyncGenerator<Line[]> {
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    let row = 0;
    for (const { num_rows: count } of metadata.row_groups) {
      const rowStart = row;
      const rowEnd = row + Number(count);
      const records = await parquetReadObjects({
        ...{ file, metadata, columns: [...columns], rowStart, rowEnd },
        compressors,
        parsers: PARSERS,
      });
      yield records.map((record, at) => lineOf(record, rowStart + at));
      row = rowEnd;
    }
  } catch (error) {
    throw readFailure(path, error);
  }
}

function lineOf(record: Readonly<Record<string, unknown>>, number: number): Line {
  return { number, bytes: Buffer.from(JSON.stringify(record, jsonValue)) };
}

function jsonValue(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  return value instanceof Uint8Array ? textOf(value) : value;
}

function textOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString();
  return isUtf8(bytes) ? text : `${NOT_UTF8}${text}`;
}

const PARSERS = {
  stringFromBytes: textOf,
  timestampFromMilliseconds: (millis: bigint) => isoTime(millis * 1_000n),
  timestampFromMicroseconds: isoTime,
  timestampFromNanoseconds: (nanos: bigint) => isoTime(nanos / 1_000n),
  dateFromDays: (days: number) => isoTime(BigInt(days) * 86_400_000_000n),
};

function isoTime(micros: bigint): string | null {
  const rest = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const date = new Date(Number((micros - rest) / 1_000n));
  if (Number.isNaN(date.getTime())) return null;
  return date.toISOString().replace(".000Z", `.${String(rest).padStart(6, "0")}Z`);
}
