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
  const groups = groupsOf(files);
  const events = groups.map(
    (group) => `SELECT "user", item, moment, place FROM (${allOf(group)}) WHERE ${usable}`,
  );
  const rejects = groups.map((group) => {
    const detail = detailOf(group[0].names);
    return `SELECT place, ${KNOWN_USER} AS "user", ${detail} AS detail FROM (${allOf(group)}) WHERE NOT (${usable})`;
  });
  return {
    path: files[0]?.path ?? "",
    events: `(${events.join(" UNION ALL ")})`,
    rejects: `(${rejects.join(" UNION ALL ")})`,
  };
}

const KNOWN_USER = `CASE WHEN NOT starts_with("user", chr(0)) THEN "user" END`;

interface PlacedEvents extends ParquetEvents {
  /** The place of the file among all. */
  readonly at: number;
}

/** Files with the same columns that follow each other: one scan each, as plans of thousands of scans are slow. */
function groupsOf(files: readonly ParquetEvents[]): [PlacedEvents, ...PlacedEvents[]][] {
  const groups: [PlacedEvents, ...PlacedEvents[]][] = [];
  let last = "";
  for (const [at, file] of files.entries()) {
    const { names, types, constants } = file;
    const fixed = [names.user, names.item, names.time].map((name) => constants[name]);
    const signature = JSON.stringify([[...types], fixed]);
    const group = signature === last ? groups.at(-1) : undefined;
    if (group === undefined) groups.push([{ ...file, at }]);
    else group.push({ ...file, at });
    last = signature;
  }
  return groups;
}

function allOf(group: readonly [PlacedEvents, ...PlacedEvents[]]): string {
  const [first] = group;
  const { path, names, types } = first;
  const id = (name: string): string => {
    const type = types.get(name);
    if (type === undefined) return constantOf(first, name);
    requireIdType({ path, column: name, type });
    return columnId(name, type);
  };
  const prefixes = `[${group.map(({ prefix }) => sqlText(`${prefix}row `))}][file_index::BIGINT + 1]`;
  const place = `(file_index + ${first.at})::BIGINT * ${FILE_PLACES} + file_row_number`;
  return (
    `SELECT ${id(names.user)} AS "user", ${id(names.item)} AS item, ${timeExpression(first)} AS moment, ` +
    `${prefixes} || file_row_number AS line, ${place} AS place ` +
    `FROM ${parquetTable(group.map((file) => file.path))}`
  );
}

function constantOf({ constants }: ParquetEvents, name: string): string {
  const value = constants[name];
  return value === undefined || value === null ? "NULL::VARCHAR" : sqlText(value);
}

/** Why an event is not usable. */
function detailOf(names: ColumnNames): string {
  const missing = (name: string): string => sqlText(`: ${name} is missing`);
  const wrong = (column: string, name: string): string =>
    `WHEN starts_with(${column}, chr(0)) THEN ${sqlText(`: ${name} `)} || ${column}[2:] || ' is not a whole number within 2^53' `;
  return (
    `line || CASE WHEN "user" IS NULL THEN ${missing(names.user)} ` +
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
