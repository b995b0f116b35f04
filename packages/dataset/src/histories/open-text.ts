import { excerpt } from "@nightbeam/catalogue";
import { DatasetError } from "../errors.js";
import type { FileFormat } from "../files/file-format.js";
import { checkedDelimiter, endingOf, unknownEnding } from "../files/file-format.js";
import type { Line, LineSource } from "../files/lines.js";
import type { TextTable } from "../files/text-table.js";
import {
  csvHeader,
  csvTable,
  firstLines,
  lineText,
  openTextTable,
  recordLines,
  unreadable,
} from "../files/text-table.js";
import type { HistoryColumns } from "./columns.js";
import { COLUMN_ROLES, columnsFor } from "./columns.js";
import { openJson } from "./open-json.js";

/** A text file of histories. */
export interface TextSource extends LineSource {
  /** Default: by the extension, and by the first lines. */
  readonly format?: Exclude<FileFormat, "parquet"> | undefined;
  /** Default: the one that fits the header. */
  readonly delimiter?: string | undefined;
  readonly columns?: HistoryColumns | undefined;
}

/** A table, and whether a plain text may stand for a list: in a CSV there are no lists. */
export interface HistoryText {
  readonly table: TextTable;
  readonly splits: boolean;
}

const JSONL = new Set(["jsonl", "ndjson"]);
const DELIMITED = new Set(["csv", "tsv", "tab", "psv", "inter", "txt", "dat", "data", ""]);
/** Without a header a file of these can have a user and items in each line. */
const PLAIN = new Set(["txt", "dat", "data", ""]);
const DELIMITERS = [",", "\t", ";", "|", "::", "\u0001"] as const;
const SAMPLE_LINES = 100;

/**
 * Opens a text file of histories: JSON lines; one JSON array of objects or object of lists; CSV with any
 * usual separator; or lines of a user and items, separated by white space.
 *
 * @throws DatasetError FILE_NOT_FOUND, UNREADABLE, UNKNOWN_FORMAT, MISSING_COLUMN, BAD_OPTION
 */
export async function openHistoryText(source: TextSource): Promise<HistoryText> {
  const ending = endingOf(source.path);
  // Parts of Redshift, Athena and others have a number instead of an extension.
  const kind = /^\d*$/.test(ending) ? "" : ending;
  if (source.format === "jsonl" || (source.format === undefined && JSONL.has(kind))) {
    const table = await openTextTable(source, { format: "jsonl", delimiter: "," });
    return { table, splits: false };
  }
  const isCsv = source.format === "csv";
  const lines = await firstLines(source, SAMPLE_LINES);
  if (!isCsv && kind !== "json" && !DELIMITED.has(kind)) throw unknownEnding(source.path);
  const [start = ""] = lines.map((line) => lineText(line) ?? "");
  if (!isCsv && (kind === "json" || (kind === "" && /^\s*[[{]/.test(start)))) {
    return { table: await openJson(source, lines), splits: false };
  }
  return { table: openDelimited(source, { lines, ending: kind }), splits: true };
}

function openDelimited(
  source: TextSource,
  { lines, ending }: { readonly lines: readonly Line[]; readonly ending: string },
): TextTable {
  // Excel's files may begin with `sep=;`.
  const skipped = lines[0] !== undefined && /^"?sep=."?$/i.test(lineText(lines[0]) ?? "") ? 1 : 0;
  const first = lines[skipped];
  const usual = ending === "tsv" || ending === "tab" || ending === "inter" ? "\t" : ",";
  const headers = delimitersOf(source, usual).flatMap((delimiter) => {
    const columns = first === undefined ? undefined : csvHeader(first, delimiter);
    return columns === undefined ? [] : [{ columns, delimiter, known: knownIn(columns, source) }];
  });
  const [best] = headers.toSorted(
    (a, b) => b.known - a.known || b.columns.length - a.columns.length,
  );
  if (best === undefined || first === undefined) {
    throw new DatasetError(
      "MISSING_COLUMN",
      `${source.path} has no header line. Its first line must hold the names of the columns.`,
    );
  }
  const { columns, delimiter } = best;
  const isPadded = (lineText(first) ?? "").split(delimiter).some((name) => name !== name.trim());
  const headed = { columns, delimiter, isPadded, headerLines: skipped + 1 };
  if (givesPositions(source.columns)) {
    const places = columns.map((_, place) => String(place + 1));
    return csvTable(source, { ...headed, columns: places, headerLines: skipped });
  }
  if (best.known > 0 || !columns.every((field) => /\d/.test(field))) {
    return csvTable(source, headed);
  }
  const isPlain = PLAIN.has(ending) && columns.length === 1;
  if (isPlain) return sequenceTable(source, lines);
  throw new DatasetError(
    "MISSING_COLUMN",
    `${source.path} has no header: its first line is ${excerpt(lineText(first) ?? "")}. ` +
      "Add a line with the names of the columns, or give their positions with `columns`, such as " +
      "user=1,history=2 or user=1,item=2,time=3.",
  );
}

function delimitersOf({ delimiter }: TextSource, usual: string): readonly string[] {
  if (delimiter !== undefined) return [checkedDelimiter(delimiter)];
  return [usual, ...DELIMITERS.filter((one) => one !== usual)];
}

/** How many roles have a column in a header. */
function knownIn(columns: readonly string[], { columns: given = {} }: TextSource): number {
  if (givesPositions(given)) return 0;
  return COLUMN_ROLES.filter((role) => columnsFor(role, columns, given).length > 0).length;
}

function givesPositions(given: HistoryColumns = {}): boolean {
  const names = Object.values(given).filter((name) => name !== undefined);
  return names.length > 0 && names.every((name) => /^[1-9]\d*$/.test(name));
}

/**
 * A user and the user's items in each line, separated by white space.
 *
 * @throws DatasetError MISSING_COLUMN if a user has several lines: they could be events without times
 */
function sequenceTable(source: TextSource, lines: readonly Line[]): TextTable {
  const users = new Set(lines.map((line) => lineText(line)?.trim().split(/\s+/)[0]));
  if (users.size < lines.length) {
    throw new DatasetError(
      "MISSING_COLUMN",
      `${source.path} has no header, and several lines for one user. Write a line per user, with the ` +
        "user and all items, oldest first; or a CSV of events with a line that names its columns.",
    );
  }
  return {
    path: source.path,
    columns: ["user", "history"],
    unit: "line",
    lines: () => recordLines(source, 0),
    parse: (line) => {
      const text = lineText(line);
      if (text === undefined) return unreadable(line);
      const [user, ...history] = text.trim().split(/\s+/);
      return { ok: true, line: line.number, values: { user, history } };
    },
  };
}
