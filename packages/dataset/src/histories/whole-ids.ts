import { excerpt } from "@nightbeam/catalogue";
import type { TextTable } from "../files/text-table.js";
import type { HistoryRow } from "./history-row.js";
import { rejectRow } from "./history-row.js";
import { idOf } from "./ids.js";
import type { RowSource } from "./row-source.js";

/** A whole number as programs write it that keep ids in floating point: `11512.0`. */
const DECIMAL = /^-?\d+\.0+$/;
const WHOLE = /^(-?\d+)(\.0*)?$/;
const SAMPLE_ROWS = 1_000;

/** Which ids of a file are whole numbers with a decimal point. */
export interface Decimals {
  readonly users: boolean;
  readonly items: boolean;
}

/** Whether all users, and all items, of the first rows are such numbers. */
export async function findDecimals(rows: RowSource): Promise<Decimals> {
  const users: string[] = [];
  const items: string[] = [];
  for await (const some of rows.read({ first: 0, end: SAMPLE_ROWS })) {
    for (const row of some) {
      if (row.kind !== "history") continue;
      users.push(row.user);
      items.push(...row.items);
    }
  }
  return { users: areDecimals(users), items: areDecimals(items) };
}

function areDecimals(ids: readonly string[]): boolean {
  return ids.length > 0 && ids.every((id) => DECIMAL.test(id));
}

/** Reads such ids without the point: `11512.0` as `11512`. Rows with other ids are rejected. */
export function withoutPoints(rows: RowSource, decimals: Decimals): RowSource {
  if (!decimals.users && !decimals.items) return rows;
  return {
    count: () => rows.count(),
    read: async function* (window) {
      for await (const some of rows.read(window)) yield some.map((row) => wholeRow(row, decimals));
    },
  };
}

function wholeRow(row: HistoryRow, decimals: Decimals): HistoryRow {
  if (row.kind !== "history") return row;
  const user = decimals.users ? wholeId(row.user) : row.user;
  const items = decimals.items ? row.items.map(wholeId) : row.items;
  const bad = user === undefined ? row.user : row.items.find((_, at) => items[at] === undefined);
  const whole = items.filter((item) => item !== undefined);
  if (user !== undefined && whole.length === items.length) return { ...row, user, items: whole };
  const detail = `${excerpt(bad)} is not a whole number, as the ids of the first rows are`;
  return rejectRow({ row: row.row, user: row.user, reason: "malformed_row", detail });
}

/** Whether the ids in a column of a text table are such numbers, by its first rows. */
export async function hasDecimals(table: TextTable, column: string): Promise<boolean> {
  const ids: string[] = [];
  for await (const lines of table.lines()) {
    for (const line of lines.slice(0, SAMPLE_ROWS - ids.length)) {
      const record = table.parse(line);
      const id = record.ok ? idOf(record.values[column]) : undefined;
      if (id !== undefined) ids.push(id);
    }
    if (ids.length >= SAMPLE_ROWS) break;
  }
  return areDecimals(ids);
}

/** `11512.0` as `11512`; undefined for what is not a whole number. */
export function wholeId(id: string): string | undefined {
  return WHOLE.exec(id)?.[1];
}
