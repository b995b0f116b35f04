import type { DuckDBConnection } from "@duckdb/node-api";
import { openDuckDb, queryNumber, withDuckDb } from "../duckdb/open-duckdb.js";
import { parquetTable } from "../duckdb/sql.js";
import { DatasetError, readFailure } from "../errors.js";
import { fileShape } from "../files/file-format.js";
import { parquetColumns } from "../files/parquet-columns.js";
import type { TextTable } from "../files/text-table.js";
import { openTextTable } from "../files/text-table.js";
import type { EventTable } from "./event-table.js";
import { countGrouped, groupedHistories } from "./event-table.js";
import type { HistoryRow } from "./history-row.js";
import type { ColumnNames, HistoryLayout, HistorySource } from "./history-source.js";
import { columnNames, layoutOf } from "./history-source.js";
import { parquetEvents } from "./parquet-events.js";
import { parquetHistories } from "./parquet-histories.js";
import { loadTextEvents } from "./text-events.js";
import { countRecords, textHistories } from "./text-histories.js";
import type { RowWindow, Window } from "./window.js";
import { inChunks, windowOf } from "./window.js";

/** A file of histories, and the rows to read. */
export interface ReadHistoriesOptions extends HistorySource, RowWindow {}

const DEFAULT_ITEM_SEPARATOR = " ";

/**
 * Streams the histories of a file in chunks. Memory does not grow with the number of users.
 *
 * - `rows`: JSONL `{"user", "history": [...]}`, Parquet (user, history LIST), CSV (user, history as
 *   a text of separated items). Each row of the file is a row of the result, in file order; a user who
 *   occurs twice gives two rows.
 * - `events`: (user, item, time) in any of the formats. Each user is a row, in the order of user ids
 *   (by UTF-8 bytes); items by time, ties by position in the file. Unusable events follow as rejected
 *   rows. Text formats are loaded into DuckDB first; Parquet is sorted in place.
 *
 * The numbering of rows depends on the file alone, so `offset` resumes exactly. Text formats may be
 * gzipped. A malformed row is returned as rejected, and does not stop the reading.
 *
 * @throws DatasetError FILE_NOT_FOUND, UNREADABLE, UNKNOWN_FORMAT, MISSING_COLUMN, COLUMN_TYPE,
 * BAD_OPTION, all at the first chunk, except for damage later in the file
 */
export async function* readHistories(options: ReadHistoriesOptions): AsyncGenerator<HistoryRow[]> {
  const window = windowOf(options);
  const input = await openInput(options);
  if (input.kind === "text-rows") {
    const separator = input.splits ? separatorOf(options) : undefined;
    const fields = { names: input.names, itemSeparator: separator };
    yield* inChunks(textHistories({ table: input.table, fields, window }), window.chunk);
    return;
  }
  const duckdb = await openDuckDb(options.duckdb);
  try {
    const rows = await duckDbRows({
      connection: duckdb.connection,
      source: options,
      input,
      window,
    });
    yield* inChunks(rows, window.chunk);
  } finally {
    await duckdb.close();
  }
}

/**
 * The number of rows that `readHistories` returns without a window. Costs a pass over a text file, the
 * footer of a Parquet file, or a pass over all events.
 */
export async function countHistories(source: HistorySource): Promise<number> {
  const input = await openInput(source);
  if (input.kind === "text-rows") return countRecords(input.table);
  return withDuckDb(source.duckdb, async (connection) => {
    try {
      if (input.kind === "parquet" && input.layout === "rows") {
        return await queryNumber(connection, `SELECT count(*) FROM ${parquetTable(source.path)}`);
      }
      return await countGrouped(connection, await eventsOf(connection, source, input));
    } catch (error) {
      throw readFailure(source.path, error);
    }
  });
}

/** A file with checked columns. */
type Input =
  | {
      readonly kind: "text-rows";
      readonly names: ColumnNames;
      readonly table: TextTable;
      /** Whether to split a text into items, because a CSV has no lists. */
      readonly splits: boolean;
    }
  | DuckDbInput;

type DuckDbInput =
  | { readonly kind: "text-events"; readonly names: ColumnNames; readonly table: TextTable }
  | {
      readonly kind: "parquet";
      readonly names: ColumnNames;
      readonly layout: HistoryLayout;
      readonly types: ReadonlyMap<string, string>;
    };

async function openInput(source: HistorySource): Promise<Input> {
  const names = columnNames(source.columns);
  const shape = fileShape(source);
  if (shape.format === "parquet") {
    const types = await withDuckDb(source.duckdb, (connection) =>
      parquetColumns(connection, source.path),
    );
    const layout = layoutOf({ source, names, columns: [...types.keys()] });
    return { kind: "parquet", names, layout, types };
  }
  const { path, maxLineBytes } = source;
  const table = await openTextTable({ path, gzip: shape.gzip, maxLineBytes }, shape);
  // A JSONL file without a readable record has no columns: all of its rows are rejected.
  const layout =
    shape.format === "jsonl" && table.columns.length === 0
      ? (source.layout ?? "rows")
      : layoutOf({ source, names, columns: table.columns });
  return layout === "rows"
    ? { kind: "text-rows", names, table, splits: shape.format === "csv" }
    : { kind: "text-events", names, table };
}

async function duckDbRows(options: {
  readonly connection: DuckDBConnection;
  readonly source: HistorySource;
  readonly input: DuckDbInput;
  readonly window: Window;
}): Promise<AsyncIterable<HistoryRow[]>> {
  const { connection, source, input, window } = options;
  if (input.kind === "parquet" && input.layout === "rows") {
    const { names, types } = input;
    const itemSeparator = separatorOf(source);
    return parquetHistories({ connection, path: source.path, names, types, itemSeparator, window });
  }
  const events = await eventsOf(connection, source, input);
  return groupedHistories(connection, events, window);
}

async function eventsOf(
  connection: DuckDBConnection,
  source: HistorySource,
  input: DuckDbInput,
): Promise<EventTable> {
  const { names } = input;
  return input.kind === "parquet"
    ? parquetEvents({ path: source.path, names, types: input.types })
    : loadTextEvents({ connection, table: input.table, names });
}

function separatorOf(source: HistorySource): string {
  const separator = source.itemSeparator ?? DEFAULT_ITEM_SEPARATOR;
  if (separator !== "") return separator;
  throw new DatasetError("BAD_OPTION", "itemSeparator is empty; name the text between two items.");
}
