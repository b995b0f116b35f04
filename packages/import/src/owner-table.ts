import { isUtf8 } from "node:buffer";
import type { Line, TextRecord } from "@nightbeam/dataset";
import { openTextTable, readLines } from "@nightbeam/dataset";

/** A text file of records in any of the formats of the data sets. */
export interface OwnerTable {
  readonly path: string;
  /** Lines of records in batches, unparsed, without a header. */
  lines(): AsyncGenerator<Line[]>;
  parse(line: Line): TextRecord;
}

/** Separates the fields of MovieLens's .dat files. */
const DAT_SEPARATOR = "::";

/** A file of JSON lines, of Python dicts as in 2014, or of CSV if its name ends in .csv. */
export function openOwnerTable(path: string): Promise<OwnerTable> {
  return openTextTable({ path }, { format: isCsv(path) ? "csv" : "jsonl", delimiter: "," });
}

/**
 * A file of fields between `::`, without a header. Lines that are not UTF-8 are Latin-1: MovieLens-1M
 * is, later ones are not, and accented Latin-1 is hardly ever well-formed UTF-8.
 */
export function openDatTable(path: string, columns: readonly string[]): OwnerTable {
  const parse = (line: Line): TextRecord => {
    if (line.bytes === null) return tooLong(line);
    const text = line.bytes.toString(isUtf8(line.bytes) ? "utf8" : "latin1");
    const fields = text.split(DAT_SEPARATOR);
    if (fields.length !== columns.length) {
      const detail = `expected ${columns.join(DAT_SEPARATOR)}, found ${fields.length} fields`;
      return { ok: false, line: line.number, detail };
    }
    const values = Object.fromEntries(columns.map((name, place) => [name, fields[place]]));
    return { ok: true, line: line.number, values };
  };
  return { path, lines: () => readLines({ path }), parse };
}

export function isCsv(path: string): boolean {
  return /\.csv(\.gz)?$/i.test(path);
}

function tooLong(line: Line): TextRecord {
  return { ok: false, line: line.number, detail: "the line is longer than the limit" };
}
