import type { DuckDBConnection } from "@duckdb/node-api";
import type { DuckDb } from "../duckdb/open-duckdb.js";
import { queryNumber } from "../duckdb/open-duckdb.js";
import { DatasetError, readFailure } from "../errors.js";
import { parquetRecords } from "../files/parquet-records.js";
import type { EventTable } from "./event-table.js";
import { countGrouped } from "./event-table.js";
import type { HistoryFile } from "./open-files.js";
import { withConstants } from "./open-files.js";
import type { ParquetEvents } from "./parquet-events.js";
import { parquetEvents, parquetTimeKind } from "./parquet-events.js";
import { isBadText } from "./row-file.js";
import type { TextEvents } from "./text-events.js";
import { loadTextEvents } from "./text-events.js";
import type { Decimals } from "./whole-ids.js";

/** The events of all files, ready to be grouped. */
export interface OpenEvents extends EventTable {
  /** Users, and events that cannot be used. */
  readonly rows: number;
  readonly decimals: Decimals;
}

/**
 * Opens the events of an input: text is loaded into DuckDB, Parquet is sorted in place.
 *
 * @throws DatasetError COLUMN_TYPE, UNREADABLE; the signal's reason
 */
export async function openEvents(
  { connection }: Pick<DuckDb, "connection">,
  files: readonly [HistoryFile, ...HistoryFile[]],
  signal?: AbortSignal,
): Promise<OpenEvents> {
  const parquet = files.flatMap((file): ParquetEvents[] =>
    file.content.kind === "parquet" ? [{ ...file, types: file.content.types }] : [],
  );
  try {
    if (parquet.length > 0 && !haveTextTimes(parquet)) {
      return await checked(connection, parquetEvents(parquet));
    }
  } catch (error) {
    // Read again as records: one text that is not UTF-8 then costs one event.
    if (!isBadText(error)) throw readFailure(files[0].path, error);
  }
  try {
    const events = await loadTextEvents(connection, files.map(recordsOf), signal);
    return await checked(connection, events);
  } catch (error) {
    signal?.throwIfAborted();
    throw readFailure(files[0].path, error);
  }
}

/** Whether times are texts in any of the files. Numbers and dates cannot be sorted together. */
function haveTextTimes(files: readonly ParquetEvents[]): boolean {
  const kinds = files.map((file) => parquetTimeKind(file));
  const other = kinds.findIndex((kind) => kind !== kinds[0]);
  const [first] = files;
  if (kinds.includes("text") || other < 0 || first === undefined) return kinds.includes("text");
  throw new DatasetError(
    "COLUMN_TYPE",
    `${files[other]?.path}: the times are ${kinds[other]}s, but in ${first.path} ${kinds[0]}s. ` +
      "Write them in the same way in all files.",
  );
}

function recordsOf(file: HistoryFile): TextEvents {
  const { names, prefix, path, constants, content } = file;
  if (content.kind === "text") return { table: content.table, names, prefix };
  const columns = [names.user, names.item, names.time].filter((name) => content.types.has(name));
  return { table: withConstants(parquetRecords(path, columns), constants), names, prefix };
}

/** Counts the rows, which also reads all columns once, and takes the point from whole numbers. */
async function checked(connection: DuckDBConnection, table: EventTable): Promise<OpenEvents> {
  const all = async (column: string): Promise<boolean> => {
    const test = `bool_and(regexp_full_match(${column}, '-?[0-9]+\\.0+'))`;
    const sql = `SELECT CAST(coalesce(${test}, false) AS INTEGER) FROM ${table.events}`;
    return (await queryNumber(connection, sql)) === 1;
  };
  const decimals = { users: await all('"user"'), items: await all("item") };
  const rows = await countGrouped(connection, table);
  if (!decimals.users && !decimals.items) return { ...table, rows, decimals };
  const id = (column: string, isDecimal: boolean): string =>
    `${isDecimal ? `regexp_replace(${column}, '\\.0+$', '')` : column} AS ${column}`;
  const ids = `${id('"user"', decimals.users)}, ${id("item", decimals.items)}`;
  const events = `(SELECT ${ids}, moment, place FROM ${table.events})`;
  return { ...table, events, rows, decimals };
}
