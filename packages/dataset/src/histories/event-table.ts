import type { DuckDBConnection } from "@duckdb/node-api";
import { queryNumber, streamColumns } from "../duckdb/open-duckdb.js";
import { textValue } from "../duckdb/values.js";
import type { HistoryRow } from "./history-row.js";
import { rejectRow } from "./history-row.js";
import type { Window } from "./window.js";

/** Events in DuckDB, read from any kind of file. */
export interface EventTable {
  /** The file of the events, for messages. */
  readonly path: string;
  /** SQL table expression with columns "user" VARCHAR, item VARCHAR, moment DOUBLE, place BIGINT. */
  readonly events: string;
  /** SQL table expression with columns place BIGINT, "user" VARCHAR, detail VARCHAR. */
  readonly rejects: string;
}

/** Places of events per file: the n-th file's begin at n times this. More lines than a file can have. */
export const FILE_PLACES = 2n ** 40n;

/**
 * Groups events into histories: a row per user, in the order of user ids (by their UTF-8 bytes); the
 * items of a user by time, ties by position in the file. After the users, there is a rejected row for
 * every unusable event, in file order.
 *
 * DuckDB sorts, and spills to disk; only one user's items are in memory.
 */
export async function* groupedHistories(
  connection: DuckDBConnection,
  table: EventTable,
  window: Pick<Window, "first" | "end">,
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

/** The number of rows that `groupedHistories` returns. */
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
