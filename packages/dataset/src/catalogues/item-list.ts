import { isUtf8 } from "node:buffer";
import type { CatalogueFilter } from "@nightbeam/catalogue";
import type { DuckDbOptions } from "../duckdb/open-duckdb.js";
import { streamColumns, withDuckDb } from "../duckdb/open-duckdb.js";
import { parquetTable, sqlName } from "../duckdb/sql.js";
import { textValue } from "../duckdb/values.js";
import { DatasetError } from "../errors.js";
import type { FileFormat } from "../files/file-format.js";
import { fileShape } from "../files/file-format.js";
import { readLines } from "../files/lines.js";
import { parquetColumns } from "../files/parquet-columns.js";
import { openTextTable } from "../files/text-table.js";
import { idOf, idProblem } from "../histories/ids.js";
import { requireIdType } from "../histories/parquet-ids.js";
import { ITEM_COLUMN } from "./catalogue-table.js";

/** How to read a list of items. */
export interface ItemListOptions {
  /** The column of item ids. Default: "item_id". */
  readonly column?: string;
  readonly duckdb?: DuckDbOptions;
}

/**
 * Reads a list of item ids, such as items to allow or to block: a column of a Parquet, CSV or JSONL
 * file, or any other file (.txt, .txt.gz) with one id per line. In file order, with duplicates.
 *
 * @throws DatasetError FILE_NOT_FOUND, UNREADABLE, MISSING_COLUMN, COLUMN_TYPE
 */
export async function readItemList(path: string, options: ItemListOptions = {}): Promise<string[]> {
  const column = options.column ?? ITEM_COLUMN;
  const format = tableFormat(path);
  if (format === undefined) return readPlain(path);
  if (format === "parquet") return readParquet({ path, column, duckdb: options.duckdb });
  return readText({ path, format, column });
}

function tableFormat(path: string): FileFormat | undefined {
  try {
    return fileShape({ path }).format;
  } catch {
    return undefined;
  }
}

async function readPlain(path: string): Promise<string[]> {
  const items: string[] = [];
  for await (const lines of readLines({ path })) {
    for (const { number, bytes } of lines) {
      if (bytes === null || !isUtf8(bytes))
        throw unusable(path, `line ${number} is not UTF-8 text`);
      const item = bytes.toString("utf8").trim();
      if (item !== "") items.push(item);
    }
  }
  return items;
}

async function readText(source: {
  readonly path: string;
  readonly format: FileFormat;
  readonly column: string;
}): Promise<string[]> {
  const { path, column } = source;
  const shape = fileShape(source);
  const table = await openTextTable({ path }, shape);
  requireColumn(path, column, table.columns);
  const items: string[] = [];
  for await (const lines of table.lines()) {
    for (const line of lines) {
      const record = table.parse(line);
      if (!record.ok) throw unusable(path, `line ${line.number}: ${record.detail}`);
      const item = idOf(record.values[column]);
      if (item === undefined) {
        throw unusable(path, `line ${line.number}: ${idProblem(column, record.values[column])}`);
      }
      items.push(item);
    }
  }
  return items;
}

async function readParquet(source: {
  readonly path: string;
  readonly column: string;
  readonly duckdb: DuckDbOptions | undefined;
}): Promise<string[]> {
  const { path, column, duckdb } = source;
  return withDuckDb(duckdb, async (connection) => {
    const columns = await parquetColumns(connection, path);
    requireColumn(path, column, [...columns.keys()]);
    requireIdType({ path, column, type: columns.get(column) ?? "" });
    const items: string[] = [];
    const sql = `SELECT CAST(${sqlName(column)} AS VARCHAR) AS item FROM ${parquetTable(path)}`;
    for await (const [values = []] of streamColumns(connection, { sql, path })) {
      for (const value of values) {
        const item = textValue(value);
        if (item === null) throw unusable(path, `column "${column}" has an empty row`);
        items.push(item);
      }
    }
    return items;
  });
}

function requireColumn(path: string, column: string, columns: readonly string[]): void {
  if (columns.includes(column) || columns.length === 0) return;
  throw new DatasetError(
    "MISSING_COLUMN",
    `${path} has no column "${column}"; it has ${columns.map((name) => `"${name}"`).join(", ")}. ` +
      "Rename the column of item ids, or write one id per line in a .txt file.",
  );
}

function unusable(path: string, problem: string): DatasetError {
  return new DatasetError(
    "UNREADABLE",
    `${path}: ${problem}. Correct the list: a skipped item would be recommended, or lost.`,
  );
}

/** Reads the lists of allowed and blocked items, if given. @throws DatasetError as `readItemList` */
export async function readItemFilter(paths: {
  readonly allow?: string | undefined;
  readonly block?: string | undefined;
}): Promise<Pick<CatalogueFilter, "allow" | "block">> {
  const { allow, block } = paths;
  return {
    ...(allow === undefined ? {} : { allow: await readItemList(allow) }),
    ...(block === undefined ? {} : { block: await readItemList(block) }),
  };
}
