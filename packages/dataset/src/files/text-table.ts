import { isUtf8 } from "node:buffer";
import { DatasetError } from "../errors.js";
import { splitCsvLine } from "./csv-line.js";
import { parseExactJson } from "./exact-json.js";
import type { FileShape } from "./file-format.js";
import type { Line, LineSource } from "./lines.js";
import { readLines } from "./lines.js";

/** A record of a JSONL or CSV file. */
export type TextRecord =
  | {
      readonly ok: true;
      readonly line: number;
      readonly values: Readonly<Record<string, unknown>>;
    }
  | { readonly ok: false; readonly line: number; readonly detail: string };

/** A JSONL or CSV file as a table. Blank lines are skipped; the first record of a CSV is its header. */
export interface TextTable {
  readonly path: string;
  /** Column names: the header of a CSV, or the keys in the first records of a JSONL (they may vary). */
  readonly columns: readonly string[];
  /** The lines of the records in batches, unparsed, so that skipping and counting are cheap. */
  lines(): AsyncGenerator<Line[]>;
  parse(line: Line): TextRecord;
}

/** Number of records whose keys are the columns of a JSONL file. */
const SAMPLE_RECORDS = 100;

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
  const header = await firstLine(source);
  const text = header === undefined ? undefined : lineText(header);
  const split = text === undefined ? undefined : splitCsvLine(text, delimiter);
  if (split === undefined || !split.ok) {
    throw new DatasetError(
      "MISSING_COLUMN",
      `${source.path} has no header line. Its first line must hold the names of the columns.`,
    );
  }
  const columns = split.fields.map((name) => name.trim());
  return {
    path: source.path,
    columns,
    lines: () => recordLines(source, 1),
    parse: (line) => parseCsv(line, columns, delimiter),
  };
}

async function openJsonl(
  source: LineSource,
  parseText: (text: string) => unknown,
): Promise<TextTable> {
  const parse = (line: Line) => parseJson(line, parseText);
  const columns = new Set<string>();
  let seen = 0;
  for await (const lines of recordLines(source, 0)) {
    for (const line of lines.slice(0, SAMPLE_RECORDS - seen)) {
      const record = parse(line);
      if (record.ok) for (const key of Object.keys(record.values)) columns.add(key);
    }
    seen += lines.length;
    if (seen >= SAMPLE_RECORDS) break;
  }
  return {
    path: source.path,
    columns: [...columns],
    lines: () => recordLines(source, 0),
    parse,
  };
}

async function firstLine(source: LineSource): Promise<Line | undefined> {
  for await (const lines of recordLines(source, 0)) return lines[0];
  return undefined;
}

async function* recordLines(source: LineSource, skip: number): AsyncGenerator<Line[]> {
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
function lineText(line: Line): string | undefined {
  if (line.bytes === null || !isUtf8(line.bytes)) return undefined;
  return line.bytes.toString("utf8");
}

function unreadable(line: Line): TextRecord {
  const detail = line.bytes === null ? "the line is longer than the limit" : "not valid UTF-8";
  return { ok: false, line: line.number, detail };
}

function parseCsv(line: Line, columns: readonly string[], delimiter: string): TextRecord {
  const text = lineText(line);
  if (text === undefined) return unreadable(line);
  const split = splitCsvLine(text, delimiter);
  if (!split.ok) return { ok: false, line: line.number, detail: split.detail };
  if (split.fields.length !== columns.length) {
    const detail = `${split.fields.length} fields, but the header names ${columns.length}`;
    return { ok: false, line: line.number, detail };
  }
  const values = Object.fromEntries(columns.map((name, place) => [name, split.fields[place]]));
  return { ok: true, line: line.number, values };
}

function parseJson(line: Line, parseText: (text: string) => unknown): TextRecord {
  const text = lineText(line);
  if (text === undefined) return unreadable(line);
  let value: unknown;
  try {
    value = parseText(text);
  } catch {
    return { ok: false, line: line.number, detail: "not valid JSON" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { ok: false, line: line.number, detail: "not a JSON object" };
  }
  return { ok: true, line: line.number, values: { ...value } };
}
