import type { DuckDBConnection } from "@duckdb/node-api";
import { streamColumns } from "../duckdb/open-duckdb.js";
import { parquetTable, sqlName } from "../duckdb/sql.js";
import { numberValue, textValue } from "../duckdb/values.js";
import { DatasetError } from "../errors.js";
import type { HistoryRow } from "./history-row.js";
import { rejectRow } from "./history-row.js";
import type { ColumnNames } from "./history-source.js";
import { requireIdType } from "./parquet-ids.js";
import { splitItems } from "./text-histories.js";
import type { Window } from "./window.js";

/**
 * Streams the histories of a Parquet file, one per row, in file order.
 *
 * @throws DatasetError COLUMN_TYPE; UNREADABLE for a damaged file
 */
export async function* parquetHistories(options: {
  readonly connection: DuckDBConnection;
  readonly path: string;
  readonly names: ColumnNames;
  readonly types: ReadonlyMap<string, string>;
  readonly itemSeparator: string;
  readonly window: Window;
}): AsyncGenerator<HistoryRow[]> {
  const { connection, path, names, types, window } = options;
  const isText = checkTypes(path, names, types);
  const parse = isText
    ? (text: string) => splitItems(text, options.itemSeparator)
    : (text: string) => parseList(text);
  const history = sqlName(names.history);
  // Lists are read as JSON: twice as fast as DuckDB's value objects.
  const list = isText ? history : `CAST(to_json(CAST(${history} AS VARCHAR[])) AS VARCHAR)`;
  const sql =
    `SELECT file_row_number, CAST(${sqlName(names.user)} AS VARCHAR) AS owner, ${list} AS list ` +
    `FROM ${parquetTable(path)} WHERE file_row_number >= ${window.first}` +
    (Number.isFinite(window.end) ? ` AND file_row_number < ${window.end}` : "");
  for await (const [rows = [], users = [], lists = []] of streamColumns(connection, {
    sql,
    path,
  })) {
    yield rows.map((row, place) => {
      const text = textValue(lists[place]);
      const items = text === null ? null : parse(text);
      return historyOf(numberValue(row), textValue(users[place]), items);
    });
  }
}

/** Whether the history is a text to split, and not a list. */
function checkTypes(path: string, names: ColumnNames, types: ReadonlyMap<string, string>): boolean {
  requireIdType({ path, column: names.user, type: types.get(names.user) ?? "" });
  const type = types.get(names.history) ?? "";
  if (type === "VARCHAR") return true;
  const element = /^(.*)\[\d*\]$/s.exec(type)?.[1];
  if (element === undefined) {
    throw new DatasetError(
      "COLUMN_TYPE",
      `${path}: column "${names.history}" is ${type}; a history is a list of item ids. ` +
        "Write it as a list, or as events with one item per row.",
    );
  }
  requireIdType({ path, column: names.history, type: element });
  return false;
}

/** A JSON list of texts and nulls, written by DuckDB. */
function parseList(text: string): unknown[] {
  const list: unknown = JSON.parse(text);
  return Array.isArray(list) ? list : [];
}

function historyOf(row: number, user: string | null, list: unknown[] | null): HistoryRow {
  const where = `row ${row}`;
  if (user === null || user === "") {
    return rejectRow({ row, reason: "malformed_row", detail: `${where}: the user is missing` });
  }
  if (list === null || list.length === 0) {
    return rejectRow({ row, user, reason: "empty_history", detail: `${where}: no items` });
  }
  const items = list.filter((item): item is string => typeof item === "string" && item !== "");
  if (items.length === list.length) return { kind: "history", row, user, items };
  const detail = `${where}: the history has an item without an id`;
  return rejectRow({ row, user, reason: "malformed_row", detail });
}
