import { isListText, parseListText, splitItems } from "../files/item-text.js";
import type { TextRecord, TextTable } from "../files/text-table.js";
import type { ColumnNames } from "./columns.js";
import type { HistoryRow } from "./history-row.js";
import { rejectRow } from "./history-row.js";
import { idOf, idProblem } from "./ids.js";
import type { Window } from "./window.js";

/** How to read a history from a record. */
export interface HistoryFields {
  readonly names: ColumnNames;
  /** The separator of a history that is a text; undefined if only lists are accepted. */
  readonly itemSeparator: string | undefined;
  /** Further columns to read. */
  readonly texts: readonly string[];
  /** Before the place of a record in messages: the name of the file, if there are several. */
  readonly prefix: string;
}

/**
 * Streams the histories of a text file, one per record, in file order. Rows outside the window are not
 * parsed.
 */
export async function* textHistories(options: {
  readonly table: TextTable;
  readonly fields: HistoryFields;
  readonly window: Pick<Window, "first" | "end">;
}): AsyncGenerator<HistoryRow[]> {
  const { table, fields, window } = options;
  const place = `${fields.prefix}${table.unit}`;
  let row = 0;
  if (window.first >= window.end) return;
  for await (const lines of table.lines()) {
    const from = Math.max(0, window.first - row);
    const wanted = lines.slice(from, Math.max(from, window.end - row));
    const start = row + from;
    if (wanted.length > 0) {
      yield wanted.map((line, at) => {
        const record = table.parse(line);
        return historyOf(record, { ...fields, row: start + at, where: `${place} ${line.number}` });
      });
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

interface Place extends HistoryFields {
  readonly row: number;
  /** "line 7" */
  readonly where: string;
}

function historyOf(record: TextRecord, place: Place): HistoryRow {
  const { row, where, names } = place;
  const malformed = (detail: string, user?: string) =>
    rejectRow({ row, user, reason: "malformed_row", detail: `${where}: ${detail}` });
  if (!record.ok) return malformed(record.detail);
  const { values } = record;
  const user = idOf(values[names.user]);
  if (user === undefined) return malformed(idProblem(names.user, values[names.user]));
  const list = listOf(values[names.history], place.itemSeparator);
  if (typeof list === "string") return malformed(`${names.history} ${list}`, user);
  const items: string[] = [];
  for (const [at, value] of list.entries()) {
    const item = idOf(value);
    if (item === undefined) return malformed(idProblem(`${names.history}[${at}]`, value), user);
    items.push(item);
  }
  if (items.length === 0) {
    return rejectRow({ row, user, reason: "empty_history", detail: `${where}: no items` });
  }
  if (place.texts.length === 0) return { kind: "history", row, user, items };
  const texts = place.texts.map((name): [string, unknown] => [name, values[name]]);
  const missing = texts.find(([, value]) => typeof value !== "string" && typeof value !== "number");
  if (missing !== undefined) return malformed(`${missing[0]} is missing`, user);
  const asText = texts.map(([name, value]) => [name, String(value)]);
  return { kind: "history", row, user, items, texts: Object.fromEntries(asText) };
}

/** The items of a history, or what is wrong with it. */
function listOf(history: unknown, separator: string | undefined): readonly unknown[] | string {
  if (Array.isArray(history)) return history;
  if (history === undefined || history === null) return "is missing";
  if (typeof history !== "string") return "is not a list";
  return itemsOf(history, separator);
}

/** The items of a text, or what is wrong with it. */
export function itemsOf(text: string, separator: string | undefined): readonly unknown[] | string {
  if (isListText(text)) {
    const list = parseListText(text);
    return list.ok ? list.items : list.detail;
  }
  return separator === undefined ? "is not a list" : splitItems(text, separator);
}
