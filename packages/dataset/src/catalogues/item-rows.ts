import { isUtf8 } from "node:buffer";
import { excerpts } from "@nightbeam/catalogue";
import type { DuckDbOptions } from "../duckdb/open-duckdb.js";
import { streamColumns, withDuckDb } from "../duckdb/open-duckdb.js";
import { parquetTable, sqlName } from "../duckdb/sql.js";
import { textValue } from "../duckdb/values.js";
import { DatasetError, readFailure } from "../errors.js";
import { parseExactJson } from "../files/exact-json.js";
import type { FileFormat } from "../files/file-format.js";
import { endingOf, fileShape } from "../files/file-format.js";
import { readLines } from "../files/lines.js";
import { readWhole } from "../files/open-bytes.js";
import { parquetColumns } from "../files/parquet-columns.js";
import { openTextTable } from "../files/text-table.js";
import { idOf, idProblem } from "../histories/ids.js";
import { BAD_ID, badIdProblem, columnId, requireIdType } from "../histories/parquet-ids.js";
import { hasDecimals, wholeId } from "../histories/whole-ids.js";

/** A row of a list of items. */
export interface ItemRow {
  readonly item: string;
  /** The value of another column, if one was asked for and the list has it. */
  readonly value?: unknown;
  /** The place, for messages: `line 17`. */
  readonly where: string;
}

export interface ItemRowsOptions {
  /** The column of item ids. */
  readonly column: string;
  /** Another column: the first of these that exists, by its name in small letters. Default: none. */
  readonly values?: readonly string[] | undefined;
  readonly duckdb?: DuckDbOptions | undefined;
}

/**
 * Reads a list of items: a column of a Parquet, CSV or JSONL file, a JSON array of ids, or any other file (.txt, .txt.gz)
 * with one id per line. In file order, with duplicates.
 *
 * @throws DatasetError FILE_NOT_FOUND, UNREADABLE, MISSING_COLUMN, COLUMN_TYPE
 */
export async function* itemRows(path: string, options: ItemRowsOptions): AsyncGenerator<ItemRow> {
  const format = tableFormat(path);
  if (endingOf(path) === "json") yield* arrayRows(path);
  else if (format === undefined) yield* plainRows(path);
  else if (format === "parquet") yield* parquetRows(path, options);
  else yield* textRows({ path, format }, options);
}

/** The error for a list that cannot be used. */
export function unusableList(path: string, problem: string): DatasetError {
  return new DatasetError(
    "UNREADABLE",
    `${path}: ${problem}. Correct the list: a skipped item would be recommended, or lost.`,
  );
}

function tableFormat(path: string): FileFormat | undefined {
  try {
    return fileShape({ path }).format;
  } catch {
    return undefined;
  }
}

async function* plainRows(path: string): AsyncGenerator<ItemRow> {
  for await (const lines of readLines({ path })) {
    for (const { number, bytes } of lines) {
      const where = `line ${number}`;
      if (bytes === null || !isUtf8(bytes)) throw unusableList(path, `${where} is not UTF-8 text`);
      const item = bytes.toString("utf8").trim();
      if (item !== "") yield { item, where };
    }
  }
}

async function* arrayRows(path: string): AsyncGenerator<ItemRow> {
  let value: unknown;
  try {
    value = parseExactJson(new TextDecoder().decode(await readWhole(path)));
  } catch (error) {
    throw error instanceof SyntaxError
      ? unusableList(path, error.message)
      : readFailure(path, error);
  }
  if (!Array.isArray(value)) throw unusableList(path, 'it is not a JSON array of ids ["7", "9"]');
  for (const [at, given] of value.entries()) {
    const where = `element ${at + 1}`;
    const item = idOf(given);
    if (item === undefined) throw unusableList(path, `${where}: ${idProblem("the id", given)}`);
    yield { item, where };
  }
}

async function* textRows(
  source: { readonly path: string; readonly format: FileFormat },
  options: ItemRowsOptions,
): AsyncGenerator<ItemRow> {
  const { path } = source;
  const shape = fileShape(source);
  const table = await openTextTable({ path }, shape);
  requireColumn(path, options.column, table.columns);
  const other = otherColumn(table.columns, options);
  const isDecimal = await hasDecimals(table, options.column);
  for await (const lines of table.lines()) {
    for (const line of lines) {
      const where = `line ${line.number}`;
      const record = table.parse(line);
      if (!record.ok) throw unusableList(path, `${where}: ${record.detail}`);
      const given = record.values[options.column];
      const id = idOf(given);
      const item = isDecimal && id !== undefined ? (wholeId(id) ?? id) : id;
      if (item === undefined) {
        throw unusableList(path, `${where}: ${idProblem(options.column, given)}`);
      }
      yield { item, where, ...(other === undefined ? {} : { value: record.values[other] }) };
    }
  }
}

async function* parquetRows(path: string, options: ItemRowsOptions): AsyncGenerator<ItemRow> {
  const { column, duckdb } = options;
  const rows: ItemRow[] = [];
  await withDuckDb(duckdb, async (connection) => {
    const columns = await parquetColumns(connection, path);
    requireColumn(path, column, [...columns.keys()]);
    const type = columns.get(column) ?? "";
    requireIdType({ path, column, type });
    const other = otherColumn([...columns.keys()], options);
    const isList = other !== undefined && columns.get(other)?.endsWith("]") === true;
    const named = other === undefined ? "NULL" : sqlName(other);
    const value = isList ? `to_json(${named})` : named;
    const sql =
      `SELECT ${columnId(column, type)} AS item, CAST(${value} AS VARCHAR) AS value ` +
      `FROM ${parquetTable(path)}`;
    for await (const [items = [], values = []] of streamColumns(connection, { sql, path })) {
      for (const [at, one] of items.entries()) {
        const item = textValue(one);
        const where = `row ${rows.length}`;
        if (item === null) throw unusableList(path, `column "${column}" has an empty row`);
        if (item.startsWith(BAD_ID)) {
          throw unusableList(path, `${where}: ${badIdProblem(column, item)}`);
        }
        rows.push({
          item,
          where,
          ...(other === undefined ? {} : { value: textValue(values[at]) }),
        });
      }
    }
  });
  yield* rows;
}

function otherColumn(
  columns: readonly string[],
  { column, values = [] }: ItemRowsOptions,
): string | undefined {
  return values
    .flatMap((wanted) => columns.find((one) => one.trim().toLowerCase() === wanted) ?? [])
    .find((one) => one !== column);
}

function requireColumn(path: string, column: string, columns: readonly string[]): void {
  if (columns.includes(column) || columns.length === 0) return;
  throw new DatasetError(
    "MISSING_COLUMN",
    `${path} has no column "${column}"; it has ${excerpts(columns)}. ` +
      "Rename its column of item ids.",
  );
}
