import { isUtf8 } from "node:buffer";
import { DatasetError } from "../errors.js";
import { joinBrackets, splitCsvLine } from "./csv-line.js";
import { parseExactJson } from "./exact-json.js";
import type { FileShape } from "./file-format.js";
import type { Line, LineSource } from "./lines.js";
import { readLines } from "./lines.js";
import { parsePythonLiteral } from "./python-literal.js";
import { joinQuotedLines } from "./quoted-lines.js";

/** A record of a JSONL or CSV file. */
export type TextRecord =
  | {
      readonly ok: true;
      readonly line: number;
      readonly values: Readonly<Record<string, unknown>>;
    }
  | { readonly ok: false; readonly line: number; readonly detail: string };

/** The records of a text file. Blank lines are skipped. */
export interface TextTable {
  readonly path: string;
  /** Column names: the header of a CSV, or the keys in the first records of a JSONL (they may vary). */
  readonly columns: readonly string[];
  /** What `Line.number` counts, for messages. */
  readonly unit: "line" | "entry" | "row";
  /** The lines of the records in batches, unparsed, so that skipping and counting are cheap. */
  lines(): AsyncGenerator<Line[]>;
  parse(line: Line): TextRecord;
}

/** Number of records whose keys are the columns of a JSONL file. */
export const SAMPLE_RECORDS = 100;

/**
 * Opens a text table and reads its columns.
 *
 * @throws DatasetError FILE_NOT_FOUND, UNREADABLE; MISSING_COLUMN for a CSV without a header line
 */
export async function openTextTable(
  source: LineSource,
  shape: FileShape & {
    /** Reads whole numbers of JSON beyond 2^53 as texts, because they may be ids. Default: true. */
    readonly exactIds?: boolean;
  },
): Promise<TextTable> {
  if (shape.format === "csv") return openCsv(source, shape.delimiter);
  return openJsonl(source, shape.exactIds === false ? JSON.parse : parseExactJson);
}

async function openCsv(source: LineSource, delimiter: string): Promise<TextTable> {
  const [header] = await firstLines(source, 1);
  const columns = header === undefined ? undefined : csvHeader(header, delimiter);
  if (columns !== undefined) return csvTable(source, { columns, delimiter, headerLines: 1 });
  throw new DatasetError(
    "MISSING_COLUMN",
    `${source.path} has no header line. Its first line must hold the names of the columns.`,
  );
}

/** The names in a header line, or undefined if it is not one. */
export function csvHeader(line: Line, delimiter: string): string[] | undefined {
  const text = lineText(line);
  const split = text === undefined ? undefined : splitCsvLine(text, delimiter);
  return split?.ok ? split.fields.map((name) => name.trim()) : undefined;
}

/** A CSV with these columns, of which the first lines are no records. */
export function csvTable(
  source: LineSource,
  csv: {
    readonly columns: readonly string[];
    readonly delimiter: string;
    readonly headerLines: number;
    /** Whether spaces around fields are no part of them. */
    readonly isPadded?: boolean;
  },
): TextTable {
  const parse = (line: Line) => parseCsv(line, csv);
  return {
    path: source.path,
    columns: csv.columns,
    unit: "line",
    lines: () => joinQuotedLines(recordLines(source, csv.headerLines), (line) => parse(line).ok),
    parse,
  };
}

async function openJsonl(
  source: LineSource,
  parseText: (text: string) => unknown,
): Promise<TextTable> {
  const lines = () => recordLines(source, 0);
  const parse = (line: Line) => parseJson(line, parseText);
  return jsonTable({ path: source.path, unit: "line", lines, parse });
}

/** A table with the keys of the first records as its columns. */
export async function jsonTable(table: Omit<TextTable, "columns">): Promise<TextTable> {
  const columns = new Set<string>();
  let seen = 0;
  for await (const lines of table.lines()) {
    for (const line of lines.slice(0, SAMPLE_RECORDS - seen)) {
      const record = table.parse(line);
      if (record.ok) for (const key of Object.keys(record.values)) columns.add(key);
    }
    seen += lines.length;
    if (seen >= SAMPLE_RECORDS) break;
  }
  return { ...table, columns: [...columns] };
}

/** The first lines that are not blank. */
export async function firstLines(source: LineSource, count: number): Promise<readonly Line[]> {
  const first: Line[] = [];
  for await (const lines of recordLines(source, 0)) {
    first.push(...lines.slice(0, count - first.length));
    if (first.length === count) break;
  }
  return first;
}

/** The lines that are not blank, without the first `skip` of them. */
export async function* recordLines(source: LineSource, skip: number): AsyncGenerator<Line[]> {
  let left = skip;
  for await (const lines of readLines(source)) {
    const records = lines.filter((line) => !isBlank(line));
    const kept = left > 0 ? records.slice(left) : records;
    left = Math.max(0, left - records.length);
    if (kept.length > 0) yield kept;
  }
}

function isBlank(line: Line): boolean {
  if (line.bytes === null) return false;
  for (const byte of line.bytes) if (byte !== 0x20 && byte !== 0x09) return false;
  return true;
}

/** The line as text, or undefined if it is too long or not UTF-8. */
export function lineText(line: Line): string | undefined {
  if (line.bytes === null || !isUtf8(line.bytes)) return undefined;
  return line.bytes.toString("utf8");
}

/** The record of a line that `lineText` does not read. */
export function unreadable(line: Line): TextRecord {
  const detail = line.bytes === null ? "the line is longer than the limit" : "not valid UTF-8";
  return { ok: false, line: line.number, detail };
}

function parseCsv(
  line: Line,
  csv: {
    readonly columns: readonly string[];
    readonly delimiter: string;
    readonly isPadded?: boolean;
  },
): TextRecord {
  const { columns, delimiter, isPadded = false } = csv;
  const text = lineText(line);
  if (text === undefined) return unreadable(line);
  const split = splitCsvLine(text, delimiter);
  if (!split.ok) return { ok: false, line: line.number, detail: split.detail };
  // Python lists that were written without quotes.
  const isCut = split.fields.length > columns.length && text.includes("[");
  const fields = isCut ? joinBrackets(split.fields, delimiter) : split.fields;
  if (fields.length !== columns.length) {
    const detail = `${split.fields.length} fields, but the header names ${columns.length}`;
    return { ok: false, line: line.number, detail };
  }
  const values = Object.fromEntries(
    columns.map((name, place) => {
      return [name, isPadded ? fields[place]?.trim() : fields[place]];
    }),
  );
  return { ok: true, line: line.number, values };
}

/**
 * Parses a line that is a JSON object or a Python dict.
 *
 * @param parseText default: whole numbers beyond 2^53 become texts
 */
export function parseJson(
  line: Line,
  parseText: (text: string) => unknown = parseExactJson,
): TextRecord {
  const text = lineText(line);
  if (text === undefined) return unreadable(line);
  let value: unknown;
  try {
    value = parseText(text);
  } catch {
    // Dicts as Python prints them, and JSON with NaN.
    value = parsePythonLiteral(text);
    if (value === undefined) return { ok: false, line: line.number, detail: "not valid JSON" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { ok: false, line: line.number, detail: "not a JSON object" };
  }
  return { ok: true, line: line.number, values: { ...value } };
}
