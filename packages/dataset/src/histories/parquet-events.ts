import { parquetTable, sqlName, sqlText } from "../duckdb/sql.js";
import { DatasetError } from "../errors.js";
import type { ColumnNames } from "./columns.js";
import type { EventTable } from "./event-table.js";
import { FILE_PLACES } from "./event-table.js";
import { columnId, requireIdType } from "./parquet-ids.js";

const NUMBER_TYPE = /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL\(.*\))$/;
const DATE_TYPE = /^(DATE|TIMESTAMP.*)$/;

/** The events of a Parquet file. */
export interface ParquetEvents {
  readonly path: string;
  readonly names: ColumnNames;
  readonly types: ReadonlyMap<string, string>;
  /** Values of columns that are the same for all rows. */
  readonly constants: Readonly<Record<string, string | null>>;
  /** Before the place of an event in messages: the name of the file, if there are several. */
  readonly prefix: string;
}

/** The kind of a file's times; texts are not compared in SQL. @throws DatasetError COLUMN_TYPE */
export function parquetTimeKind({ path, names, types }: ParquetEvents): "number" | "date" | "text" {
  const type = types.get(names.time) ?? "VARCHAR";
  if (NUMBER_TYPE.test(type)) return "number";
  if (DATE_TYPE.test(type)) return "date";
  if (type === "VARCHAR") return "text";
  throw new DatasetError(
    "COLUMN_TYPE",
    `${path}: column "${names.time}" is ${type}; a time is a number, a date, a timestamp or a text. ` +
      "Write the column as one of these.",
  );
}

/**
 * The events of Parquet files whose times are of one kind. They are not loaded: DuckDB scans the files,
 * sorts, and spills to disk.
 */
export function parquetEvents(files: readonly ParquetEvents[]): EventTable {
  const usable =
    `"user" IS NOT NULL AND item IS NOT NULL AND coalesce(isfinite(moment), false) ` +
    `AND NOT starts_with("user", chr(0)) AND NOT starts_with(item, chr(0))`;
  const tables = files.map((file, at) => allOf(file, BigInt(at) * FILE_PLACES));
  const events = tables.map(
    (all) => `SELECT "user", item, moment, place FROM (${all}) WHERE ${usable}`,
  );
  const rejects = tables.map((all, at) => {
    const { names, prefix } = files[at] ?? { names: { user: "", item: "", time: "" }, prefix: "" };
    return `SELECT place, ${knownUser} AS "user", ${detailOf(names, prefix)} AS detail FROM (${all}) WHERE NOT (${usable})`;
  });
  return {
    path: files[0]?.path ?? "",
    events: `(${events.join(" UNION ALL ")})`,
    rejects: `(${rejects.join(" UNION ALL ")})`,
  };
}

const knownUser = `CASE WHEN NOT starts_with("user", chr(0)) THEN "user" END`;

function allOf(file: ParquetEvents, offset: bigint): string {
  const { path, names, types } = file;
  const id = (name: string): string => {
    const type = types.get(name);
    if (type === undefined) return constantOf(file, name);
    requireIdType({ path, column: name, type });
    return columnId(name, type);
  };
  return (
    `SELECT ${id(names.user)} AS "user", ${id(names.item)} AS item, ${timeExpression(file)} AS moment, ` +
    `file_row_number AS line, file_row_number + ${offset} AS place FROM ${parquetTable(path)}`
  );
}

function constantOf({ constants }: ParquetEvents, name: string): string {
  const value = constants[name];
  return value === undefined || value === null ? "NULL::VARCHAR" : sqlText(value);
}

/** Why an event is not usable. */
function detailOf(names: Pick<ColumnNames, "user" | "item" | "time">, prefix: string): string {
  const missing = (name: string): string => sqlText(`: ${name} is missing`);
  const wrong = (column: string, name: string): string =>
    `WHEN starts_with(${column}, chr(0)) THEN ${sqlText(`: ${name} `)} || ${column}[2:] || ' is not a whole number within 2^53' `;
  return (
    `${sqlText(`${prefix}row `)} || line || CASE WHEN "user" IS NULL THEN ${missing(names.user)} ` +
    wrong('"user"', names.user) +
    `WHEN item IS NULL THEN ${missing(names.item)} ${wrong("item", names.item)}` +
    `ELSE ${missing(names.time)} END`
  );
}

/** The time as a DOUBLE: numbers unchanged, dates in microseconds. */
function timeExpression(file: ParquetEvents): string {
  const name = sqlName(file.names.time);
  if (parquetTimeKind(file) === "number") return `CAST(${name} AS DOUBLE)`;
  // Infinite dates have no microseconds, so they count as missing.
  return `CASE WHEN isfinite(CAST(${name} AS TIMESTAMP)) THEN CAST(epoch_us(${name}) AS DOUBLE) END`;
}
