import type { DuckDBConnection } from "@duckdb/node-api";
import bindings from "@duckdb/node-bindings";
import type { CatalogueBuilder, EncodedEntry } from "@nightbeam/catalogue";
import {
  type DuckDbOptions,
  openDuckDb,
  queryNumber,
  type StreamedRows,
  streamChunks,
  streamColumns,
} from "../duckdb/open-duckdb.js";
import { parquetTable, sqlName } from "../duckdb/sql.js";
import { numberValue, textValue } from "../duckdb/values.js";
import { DatasetError } from "../errors.js";
import { parquetColumns } from "../files/parquet-columns.js";
import { BAD_ID, badIdProblem, columnId, requireIdType } from "../histories/parquet-ids.js";
import { addRecord } from "./add-record.js";
import { type CatalogueColumns, MAX_LEVELS, requireColumns } from "./catalogue-columns.js";

/** A Parquet file of items. */
interface ItemFile {
  readonly path: string;
  readonly columns: CatalogueColumns;
  readonly types: ReadonlyMap<string, string>;
  /** SQL of an item's id. */
  readonly id: string;
}

/**
 * Adds the items of a Parquet file, with the columns of a table.
 *
 * @throws DatasetError MISSING_COLUMN, COLUMN_TYPE, BAD_CATALOGUE; CatalogueError for an unusable row
 */
export async function addParquet(
  builder: CatalogueBuilder,
  { path, duckdb: options }: { readonly path: string; readonly duckdb: DuckDbOptions | undefined },
): Promise<void> {
  const duckdb = await openDuckDb(options);
  try {
    const { connection } = duckdb;
    const types = await parquetColumns(connection, path);
    const names = [...types.keys()];
    const lists = names.filter((name) => types.get(name)?.endsWith("]"));
    const columns = requireColumns(path, names, lists);
    const idType = types.get(columns.item) ?? "";
    requireIdType({ path, column: columns.item, type: idType });
    const file = { path, columns, types, id: columnId(columns.item, idType) };
    const codes = await wholeCodes(connection, file);
    if (codes === undefined) await addRows(builder, connection, file);
    else await addWholeCodes(builder, connection, { ...file, codes });
  } finally {
    await duckdb.close();
  }
}

const WHOLE = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT)$/;

/** SQL of each level's code, if the columns hold whole numbers. */
async function wholeCodes(
  connection: DuckDBConnection,
  { path, columns: { codes }, types }: ItemFile,
): Promise<readonly string[] | undefined> {
  if ("levels" in codes) {
    const areWhole = codes.levels.every((level) => WHOLE.test(types.get(level) ?? ""));
    return areWhole ? codes.levels.map(sqlName) : undefined;
  }
  const type = types.get(codes.path) ?? "";
  if (!type.endsWith("[]") || !WHOLE.test(type.slice(0, -2))) return undefined;
  const list = sqlName(codes.path);
  const levels = await queryNumber(
    connection,
    `SELECT len(${list}) FROM ${parquetTable(path)} LIMIT 1`,
  );
  if (levels < 2 || levels > MAX_LEVELS) return undefined;
  return Array.from({ length: levels }, (_, level) => {
    return `CASE WHEN len(${list}) = ${levels} THEN ${list}[${level + 1}] END`;
  });
}

/** What `addWholeCodes` reads for a code that is missing or out of range. */
const NO_CODE = 0x1_0000;

/** Adds rows from the memory of DuckDB: a string and an object per row would take most of the time. */
async function addWholeCodes(
  builder: CatalogueBuilder,
  connection: DuckDBConnection,
  file: ItemFile & { readonly codes: readonly string[] },
): Promise<void> {
  const { path, codes } = file;
  const columns = codes.map((code, level) => {
    return `coalesce(TRY_CAST(${code} AS USMALLINT)::UINTEGER, ${NO_CODE}) AS c${level}`;
  });
  const sql = `SELECT ${[`coalesce(${file.id}, '') AS id`, ...columns].join(", ")} FROM ${parquetTable(path)}`;
  let first = 0;
  let unusable: number | undefined;
  for await (const streamed of streamChunks(connection, { sql, path })) {
    const added = addChunk(builder, streamed, { levels: codes.length, first });
    first += added;
    if (added === streamed.rows) continue;
    unusable = first;
    break;
  }
  if (unusable !== undefined) await addRows(builder, connection, { ...file, row: unusable });
}

/** Adds the rows of a chunk up to the first that is unusable; returns their number. */
function addChunk(
  builder: CatalogueBuilder,
  { chunk, rows }: StreamedRows,
  { levels, first }: { readonly levels: number; readonly first: number },
): number {
  const vector = (column: number) => bindings.data_chunk_get_vector(chunk.chunk, column);
  const ids = bindings.vector_get_data(vector(0), TEXT_BYTES * rows);
  const lengths = new Uint32Array(ids.buffer, ids.byteOffset, (TEXT_BYTES / 4) * rows);
  const columns = Array.from({ length: levels }, (_, level) => {
    const { buffer, byteOffset } = bindings.vector_get_data(vector(level + 1), 4 * rows);
    return new Uint32Array(buffer, byteOffset, rows);
  });
  const entry: EncodedEntry = {
    ...{ bytes: ids, begin: 0, end: 0 },
    ...{ codes: new Uint16Array(levels), levels },
  };
  for (let row = 0; row < rows; row++) {
    let usable = true;
    for (let level = 0; level < levels; level++) {
      const code = columns[level]?.[row] ?? NO_CODE;
      if (code >= NO_CODE) usable = false;
      entry.codes[level] = code;
    }
    if (!usable) return row;
    const length = lengths[(TEXT_BYTES / 4) * row] ?? 0;
    entry.begin = TEXT_BYTES * row + 4;
    entry.end = entry.begin + length;
    if (length <= SHORT_TEXT && ids[entry.begin] !== 0 && builder.addEncoded(entry)) continue;
    const id = textValue(chunk.getColumnVector(0).getItem(row)) ?? "";
    if (id === "" || id.startsWith(BAD_ID)) return row;
    builder.add({ id, codes: entry.codes, where: `row ${first + row}` });
  }
  return rows;
}

/** DuckDB's string: its length as u32, then its bytes if there are at most 12, else four of them and a pointer. */
const TEXT_BYTES = 16;
const SHORT_TEXT = 12;

/** Adds rows, or one of them, with any type of codes. Throws for one that is unusable. */
async function addRows(
  builder: CatalogueBuilder,
  connection: DuckDBConnection,
  { path, columns, types, id, row }: ItemFile & { readonly row?: number },
): Promise<void> {
  const names = "path" in columns.codes ? [columns.codes.path] : columns.codes.levels;
  const selected = names.map((name) => jsonColumn(name, types.get(name) ?? ""));
  const sql =
    `SELECT ${id} AS id, file_row_number, ${selected.join(", ")} FROM ${parquetTable(path)}` +
    (row === undefined ? "" : ` WHERE file_row_number = ${row}`);
  for await (const [ids = [], rows = [], ...codes] of streamColumns(connection, { sql, path })) {
    for (const [at, value] of ids.entries()) {
      const cells = names.map((name, nth): [string, unknown] => {
        return [name, JSON.parse(textValue(codes[nth]?.[at]) ?? "null")];
      });
      const where = `row ${numberValue(rows[at])}`;
      const item = textValue(value);
      if (item?.startsWith(BAD_ID)) {
        const problem = badIdProblem(columns.item, item);
        throw new DatasetError("BAD_CATALOGUE", `${path}: ${where}: ${problem}. Correct it.`);
      }
      const values = Object.fromEntries([[columns.item, item], ...cells]);
      addRecord(builder, { values, columns, where });
    }
  }
}

/** A column as JSON: whatever its type is, the value and its text are those of a text file. */
function jsonColumn(name: string, type: string): string {
  const value = type === "BLOB" ? `CAST(${sqlName(name)} AS VARCHAR)` : sqlName(name);
  return `CAST(to_json(${value}) AS VARCHAR) AS ${sqlName(`codes of ${name}`)}`;
}
