import { DatasetError } from "../errors.js";
import { readJsonEntries } from "../files/json-entries.js";
import type { Line, LineSource } from "../files/lines.js";
import type { TextRecord, TextTable } from "../files/text-table.js";
import {
  jsonTable,
  lineText,
  openTextTable,
  parseJson,
  SAMPLE_RECORDS,
  unreadable,
} from "../files/text-table.js";
import type { HistoryColumns } from "./columns.js";
import { COLUMN_ROLES, columnsFor } from "./columns.js";

/**
 * Opens JSON lines, or one JSON value over the whole file: an array of objects, or an object with a list
 * or an object per user.
 *
 * @param lines the first lines of the file
 * @throws DatasetError UNREADABLE; UNKNOWN_FORMAT for a table by columns
 */
export async function openJson(
  source: LineSource & { readonly columns?: HistoryColumns | undefined },
  lines: readonly Line[],
): Promise<TextTable> {
  const { path, columns = {} } = source;
  const [first, second] = lines.map((line) => parseJson(line));
  if (first?.ok === true) {
    const keys = Object.keys(first.values);
    const named = COLUMN_ROLES.some((role) => columnsFor(role, keys, columns).length > 0);
    if (named && second === undefined && isByColumns(first.values)) throw tableInside(path);
    if (named || second?.ok === true) {
      return openTextTable(source, { format: "jsonl", delimiter: "," });
    }
  }
  const entries = () => readJsonEntries(source);
  const parse = (line: Line) => parseEntry(line, columns);
  const table = await jsonTable({ path, unit: "entry", lines: entries, parse });
  for await (const some of table.lines()) {
    const sample = some.slice(0, SAMPLE_RECORDS).map((line) => table.parse(line));
    if (isTable(sample)) throw tableInside(path);
    break;
  }
  return table;
}

/** `"user": [items]`, `"user": {…}`, or an object with all columns. */
function parseEntry(line: Line, columns: HistoryColumns): TextRecord {
  const text = lineText(line);
  if (text === undefined) return unreadable(line);
  const { number } = line;
  if (!/^\s*"/.test(text)) return parseJson(line);
  const whole = parseJson({ number, bytes: Buffer.from(`{${text}}`) });
  const [entry] = whole.ok ? Object.entries(whole.values) : [];
  if (entry === undefined) return { ok: false, line: number, detail: "not valid JSON" };
  const [user, value] = entry;
  if (!isObject(value)) return { ok: true, line: number, values: { user, history: value } };
  const isWhole = columnsFor("user", Object.keys(value), columns).length > 0;
  return { ok: true, line: number, values: isWhole ? { ...value } : { user, ...value } };
}

/** Whether a record has its columns as objects, as pandas writes by default: `{"user": {"0": "u1"}}`. */
function isByColumns(record: Readonly<Record<string, unknown>>): boolean {
  return Object.values(record).every(isObject);
}

/** Whether all entries are rows, or the entries are the `columns`, the `schema` and the `data` of one table. */
function isTable(sample: readonly TextRecord[]): boolean {
  const tables = sample.filter(holdsTable);
  return tables.length > 0 && (tables.length === sample.length || sample.length <= 4);
}

/** Whether an entry holds rows of a table instead of one user. */
function holdsTable(record: TextRecord): boolean {
  if (!record.ok) return false;
  const lists = Object.values(record.values).filter((value) => Array.isArray(value));
  return lists.flat().some((value) => typeof value === "object" && value !== null);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function tableInside(path: string): DatasetError {
  return new DatasetError(
    "UNKNOWN_FORMAT",
    `${path} is JSON with a table inside. Write an object per row instead, in pandas with ` +
      'to_json(orient="records", lines=True), or an object with a list of items per user.',
  );
}
