import type { DuckDBConnection } from "@duckdb/node-api";
import { queryNumber, streamColumns } from "../duckdb/open-duckdb.js";
import { textValue } from "../duckdb/values.js";
import type { HistoryRow } from "./history-row.js";
import { rejectRow } from "./history-row.js";
import type { Window } from "./window.js";

/** Events in DuckDB, read from any kind of file. */
export interface EventTable {
  /** The file that they come from, for messages. */
  readonly path: string;
  /** Table expression with columns "user" VARCHAR, item VARCHAR, moment DOUBLE, place BIGINT. */
  readonly events: string;
  /** Table expression with columns place BIGINT, "user" VARCHAR, detail VARCHAR. */
  readonly rejects: string;
}

/**
 * Histories out of events: a row per user, in the order of user ids (by their UTF-8 bytes); a
 * user's items by time, ties by place in the file. After the users comes a row for every event that
 * could not be used, in file order.
 *
 * The sort is DuckDB's and spills to disk; here only one user's items are held.
 */
export async function* groupedHistories(
  connection: DuckDBConnection,
  table: EventTable,
  window: Window,
): AsyncGenerator<HistoryRow[]> {
  let row = 0;
  const wanted = (): boolean => row >= window.first && row < window.end;
  for await (const users of groupedUsers(connection, table)) {
    const rows: HistoryRow[] = [];
    for (const { user, items } of users) {
      if (wanted()) rows.push({ kind: "history", row, user, items });
      row++;
    }
    if (rows.length > 0) yield rows;
    if (row >= window.end) return;
  }
  const sql = `SELECT "user", detail FROM ${table.rejects} ORDER BY place`;
  for await (const [rejected = [], details = []] of streamColumns(connection, {
    sql,
    path: table.path,
  })) {
    const rows: HistoryRow[] = [];
    for (const [place, value] of rejected.entries()) {
      const user = textValue(value) ?? undefined;
      const detail = textValue(details[place]) ?? "";
      if (wanted()) rows.push(rejectRow({ row, user, reason: "malformed_row", detail }));
      row++;
    }
    if (rows.length > 0) yield rows;
    if (row >= window.end) return;
  }
}

/** The number of rows that `groupedHistories` gives. */
export async function countGrouped(
  connection: DuckDBConnection,
  table: EventTable,
): Promise<number> {
  const users = `SELECT count(DISTINCT "user") FROM ${table.events}`;
  const rejects = `SELECT count(*) FROM ${table.rejects}`;
  return (await queryNumber(connection, users)) + (await queryNumber(connection, rejects));
}

interface UserItems {
  readonly user: string;
  readonly items: string[];
}

async function* groupedUsers(
  connection: DuckDBConnection,
  table: EventTable,
): AsyncGenerator<UserItems[]> {
  let open: UserItems | undefined;
  const sql = `SELECT "user", item FROM ${table.events} ORDER BY "user", moment, place`;
  for await (const [users = [], items = []] of streamColumns(connection, {
    sql,
    path: table.path,
  })) {
    const done: UserItems[] = [];
    for (const [place, value] of users.entries()) {
      const user = textValue(value) ?? "";
      const item = textValue(items[place]) ?? "";
      if (open?.user === user) {
        open.items.push(item);
        continue;
      }
      if (open !== undefined) done.push(open);
      open = { user, items: [item] };
    }
    if (done.length > 0) yield done;
  }
  if (open !== undefined) yield [open];
}
