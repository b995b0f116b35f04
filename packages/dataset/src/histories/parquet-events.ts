import { parquetTable, sqlName, sqlText } from "../duckdb/sql.js";
import { DatasetError } from "../errors.js";
import type { EventTable } from "./event-table.js";
import type { ColumnNames } from "./history-source.js";
import { requireIdType } from "./parquet-ids.js";

const NUMBER_TYPE = /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL\(.*\))$/;
const DATE_TYPE = /^(DATE|TIMESTAMP.*)$/;

/** The events of a Parquet file, not loaded: DuckDB scans the file, sorts, and spills to disk. */
export function parquetEvents(options: {
  readonly path: string;
  readonly names: ColumnNames;
  readonly types: ReadonlyMap<string, string>;
}): EventTable {
  const { path, names, types } = options;
  for (const column of [names.user, names.item]) {
    requireIdType({ path, column, type: types.get(column) ?? "" });
  }
  const moment = timeExpression(path, names.time, types.get(names.time) ?? "");
  const all =
    `SELECT nullif(CAST(${sqlName(names.user)} AS VARCHAR), '') AS "user", ` +
    `nullif(CAST(${sqlName(names.item)} AS VARCHAR), '') AS item, ${moment} AS moment, ` +
    `file_row_number AS place FROM ${parquetTable(path)}`;
  const usable = `"user" IS NOT NULL AND item IS NOT NULL AND coalesce(isfinite(moment), false)`;
  const missing = (name: string): string => sqlText(`: ${name} is missing`);
  const detail =
    `'row ' || place || CASE WHEN "user" IS NULL THEN ${missing(names.user)} ` +
    `WHEN item IS NULL THEN ${missing(names.item)} ELSE ${missing(names.time)} END`;
  return {
    path,
    events: `(SELECT * FROM (${all}) WHERE ${usable})`,
    rejects: `(SELECT place, "user", ${detail} AS detail FROM (${all}) WHERE NOT (${usable}))`,
  };
}

/** The time as a DOUBLE: numbers unchanged, dates in microseconds. */
function timeExpression(path: string, column: string, type: string): string {
  const name = sqlName(column);
  if (NUMBER_TYPE.test(type)) return `CAST(${name} AS DOUBLE)`;
  if (DATE_TYPE.test(type)) {
    // Infinite dates have no microseconds, so they count as missing.
    return `CASE WHEN isfinite(CAST(${name} AS TIMESTAMP)) THEN CAST(epoch_us(${name}) AS DOUBLE) END`;
  }
  throw new DatasetError(
    "COLUMN_TYPE",
    `${path}: column "${column}" is ${type}; a time is a number, a date or a timestamp. ` +
      "Write the column as one of these.",
  );
}
