import type { TextRecord, TextTable } from "../files/text-table.js";
import type { HistoryRow } from "./history-row.js";
import { rejectRow } from "./history-row.js";
import type { ColumnNames } from "./history-source.js";
import { idOf, idProblem } from "./ids.js";
import type { Window } from "./window.js";

/** How to read a history from a record. */
export interface HistoryFields {
  readonly names: ColumnNames;
  /** The separator of a history that is a text; undefined if only lists are accepted. */
  readonly itemSeparator: string | undefined;
}

/**
 * Streams the histories of a JSONL or CSV file, one per record, in file order. Rows outside the window
 * are not parsed.
 */
export async function* textHistories(options: {
  readonly table: TextTable;
  readonly fields: HistoryFields;
  readonly window: Window;
}): AsyncGenerator<HistoryRow[]> {
  const { table, fields, window } = options;
  let row = 0;
  if (window.first >= window.end) return;
  for await (const lines of table.lines()) {
    const from = Math.max(0, window.first - row);
    const wanted = lines.slice(from, Math.max(from, window.end - row));
    const start = row + from;
    if (wanted.length > 0) {
      yield wanted.map((line, place) => historyOf(table.parse(line), start + place, fields));
    }
    row += lines.length;
    if (row >= window.end) return;
  }
}

/** The number of records, without parsing them. */
export async function countRecords(table: TextTable): Promise<number> {
  let count = 0;
  for await (const lines of table.lines()) count += lines.length;
  return count;
}

function historyOf(record: TextRecord, row: number, fields: HistoryFields): HistoryRow {
  const where = `line ${record.line}`;
  if (!record.ok) return malformed(row, undefined, `${where}: ${record.detail}`);
  const { names, itemSeparator } = fields;
  const user = idOf(record.values[names.user]);
  if (user === undefined) {
    const problem = idProblem(names.user, record.values[names.user]);
    return malformed(row, undefined, `${where}: ${problem}`);
  }
  const history = record.values[names.history];
  const list =
    typeof history === "string" && itemSeparator !== undefined
      ? splitItems(history, itemSeparator)
      : history;
  if (!Array.isArray(list)) {
    const problem = list === undefined || list === null ? "is missing" : "is not a list";
    return malformed(row, user, `${where}: ${names.history} ${problem}`);
  }
  const items: string[] = [];
  for (const [place, value] of list.entries()) {
    const item = idOf(value);
    if (item === undefined) {
      return malformed(row, user, `${where}: ${idProblem(`${names.history}[${place}]`, value)}`);
    }
    items.push(item);
  }
  if (items.length > 0) return { kind: "history", row, user, items };
  return rejectRow({ row, user, reason: "empty_history", detail: `${where}: no items` });
}

/** The items of a text. Leading, trailing and repeated separators are ignored. */
export function splitItems(text: string, separator: string): string[] {
  return text.split(separator).filter((item) => item !== "");
}

function malformed(row: number, user: string | undefined, detail: string): HistoryRow {
  return rejectRow({ row, user, reason: "malformed_row", detail });
}
