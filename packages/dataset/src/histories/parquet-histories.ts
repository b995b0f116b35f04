import type { DuckDBConnection } from "@duckdb/node-api";
import { streamColumns } from "../duckdb/open-duckdb.js";
import { parquetTable, sqlName } from "../duckdb/sql.js";
import { numberValue, textValue } from "../duckdb/values.js";
import { DatasetError } from "../errors.js";
import type { HistoryRow } from "./history-row.js";
import { rejectRow } from "./history-row.js";
import { BAD_ID, badIdProblem, columnId, idExpression, requireIdType } from "./parquet-ids.js";
import type { HistoryFields } from "./text-histories.js";
import { itemsOf } from "./text-histories.js";
import type { Window } from "./window.js";

/** A Parquet file, and how to read a history from a row. */
export interface ParquetRows {
  readonly path: string;
  readonly types: ReadonlyMap<string, string>;
  /** Values of columns that are the same for all rows. */
  readonly constants: Readonly<Record<string, string | null>>;
  readonly fields: HistoryFields;
}

/**
 * Streams the histories of a Parquet file, one per row, in file order.
 *
 * @throws DatasetError COLUMN_TYPE; UNREADABLE for a damaged file
 */
export async function* parquetHistories(
  connection: DuckDBConnection,
  options: ParquetRows & { readonly window: Pick<Window, "first" | "end"> },
): AsyncGenerator<HistoryRow[]> {
  const { path, fields, window } = options;
  const { user, list, isText } = checkedColumns(options);
  const texts = fields.texts.map((name) => textOf(name, options));
  const sql =
    `SELECT ${["file_row_number", user, list, ...texts].map((one, at) => `${one} AS c${at}`).join(", ")} ` +
    `FROM ${parquetTable(path)} WHERE file_row_number >= ${window.first}` +
    (Number.isFinite(window.end) ? ` AND file_row_number < ${window.end}` : "");
  const parse = isText
    ? (text: string) => itemsOf(text, fields.itemSeparator)
    : (text: string) => parseList(text);
  for await (const [rows = [], users = [], lists = [], ...more] of streamColumns(connection, {
    sql,
    path,
  })) {
    yield rows.map((row, place) => {
      const text = textValue(lists[place]);
      const items = text === null ? [] : parse(text);
      return historyOf(items, {
        fields,
        row: numberValue(row),
        user: textValue(users[place]),
        texts: more.map((column) => textValue(column[place])),
      });
    });
  }
}

/** The SQL of the user and of the history; checks their types. */
function checkedColumns({ path, types, constants, fields }: ParquetRows) {
  const { user, history } = fields.names;
  const userType = types.get(user);
  if (userType !== undefined) requireIdType({ path, column: user, type: userType });
  const owner =
    userType === undefined ? textOf(user, { types, constants }) : columnId(user, userType);
  const type = types.get(history) ?? "VARCHAR";
  if (type === "VARCHAR") {
    return { user: owner, list: textOf(history, { types, constants }), isText: true };
  }
  const element = /^(.*)\[\d*\]$/s.exec(type)?.[1];
  if (element === undefined || element.startsWith("STRUCT")) {
    throw new DatasetError(
      "COLUMN_TYPE",
      `${path}: column "${history}" is ${type}; a history is a list of item ids. ` +
        "Write it as a list, or as events with one item per row.",
    );
  }
  requireIdType({ path, column: history, type: element });
  // Lists are read as JSON: twice as fast as DuckDB's value objects.
  const ids = `list_transform(${sqlName(history)}, lambda one: ${idExpression("one", element)})`;
  return { user: owner, list: `CAST(to_json(${ids}) AS VARCHAR)`, isText: false };
}

/** The SQL of a column of the file, or of its directory, as a text. */
function textOf(
  name: string,
  { types, constants }: Pick<ParquetRows, "types" | "constants">,
): string {
  if (types.has(name)) return `CAST(${sqlName(name)} AS VARCHAR)`;
  const value = constants[name];
  return value === undefined || value === null
    ? "NULL::VARCHAR"
    : `'${value.replaceAll("'", "''")}'`;
}

/** A JSON list of texts and nulls, written by DuckDB. */
function parseList(text: string): unknown[] {
  const list: unknown = JSON.parse(text);
  return Array.isArray(list) ? list : [];
}

function historyOf(
  list: readonly unknown[] | string,
  place: {
    readonly fields: HistoryFields;
    readonly row: number;
    readonly user: string | null;
    readonly texts: readonly (string | null)[];
  },
): HistoryRow {
  const { row, user, fields } = place;
  const where = `${fields.prefix}row ${row}`;
  const malformed = (detail: string, known?: string) =>
    rejectRow({ row, user: known, reason: "malformed_row", detail: `${where}: ${detail}` });
  if (user === null || user === "") return malformed("the user is missing");
  if (user.startsWith(BAD_ID)) return malformed(badIdProblem("the user", user));
  if (typeof list === "string") return malformed(`the history ${list}`, user);
  if (list.length === 0) {
    return rejectRow({ row, user, reason: "empty_history", detail: `${where}: no items` });
  }
  const items: string[] = [];
  for (const value of list) {
    const item = typeof value === "number" ? String(value) : value;
    if (typeof item !== "string" || item === "") {
      return malformed("the history has an item without an id", user);
    }
    if (item.startsWith(BAD_ID)) return malformed(badIdProblem("item", item), user);
    items.push(item);
  }
  if (fields.texts.length === 0) return { kind: "history", row, user, items };
  const missing = fields.texts.find((_, at) => place.texts[at] === null);
  if (missing !== undefined) return malformed(`${missing} is missing`, user);
  const texts = fields.texts.map((name, at) => [name, place.texts[at] ?? ""]);
  return { kind: "history", row, user, items, texts: Object.fromEntries(texts) };
}
