import type { CatalogueBuilder } from "@nightbeam/catalogue";
import { excerpts } from "@nightbeam/catalogue";
import type { DuckDbOptions } from "../duckdb/open-duckdb.js";
import { streamColumns, withDuckDb } from "../duckdb/open-duckdb.js";
import { parquetTable, sqlName } from "../duckdb/sql.js";
import { numberValue, textValue } from "../duckdb/values.js";
import { DatasetError } from "../errors.js";
import { parquetColumns } from "../files/parquet-columns.js";
import { openTextTable } from "../files/text-table.js";
import { BAD_ID, badIdProblem, columnId, requireIdType } from "../histories/parquet-ids.js";
import { hasDecimals, wholeId } from "../histories/whole-ids.js";
import { addRecord } from "./add-record.js";
import { type CatalogueColumns, catalogueColumns } from "./catalogue-columns.js";

/**
 * Adds the items of CSV or JSON lines: an item's id, and a column per level or one with the whole path. Rows stream into
 * the catalogue; other columns are ignored.
 *
 * @throws DatasetError MISSING_COLUMN, BAD_CATALOGUE; CatalogueError for an unusable row
 */
export async function addTextTable(
  builder: CatalogueBuilder,
  source: {
    readonly path: string;
    readonly format: "csv" | "jsonl";
    readonly delimiter?: string;
  },
): Promise<void> {
  const { path, format, delimiter = "," } = source;
  const table = await openTextTable({ path }, { format, delimiter });
  const columns = catalogueColumns(table.columns) ?? missing(path, table.columns);
  const isDecimal = await hasDecimals(table, columns.item);
  for await (const lines of table.lines()) {
    for (const line of lines) {
      const record = table.parse(line);
      const where = `line ${line.number}`;
      if (!record.ok) {
        throw new DatasetError(
          "BAD_CATALOGUE",
          `${path}: ${where}: ${record.detail}. Correct the line: a catalogue must be read completely.`,
        );
      }
      const { values } = record;
      const whole = isDecimal ? wholeId(String(values[columns.item])) : undefined;
      const read = whole === undefined ? values : { ...values, [columns.item]: whole };
      addRecord(builder, { values: read, columns, where });
    }
  }
}

/** The same for Parquet. @throws DatasetError MISSING_COLUMN, COLUMN_TYPE; CatalogueError for an unusable row */
export async function addParquet(
  builder: CatalogueBuilder,
  { path, duckdb }: { readonly path: string; readonly duckdb: DuckDbOptions | undefined },
): Promise<void> {
  await withDuckDb(duckdb, async (connection) => {
    const types = await parquetColumns(connection, path);
    const names = [...types.keys()];
    const lists = names.filter((name) => types.get(name)?.endsWith("]"));
    const columns = catalogueColumns(names, lists) ?? missing(path, names);
    const idType = types.get(columns.item) ?? "";
    requireIdType({ path, column: columns.item, type: idType });
    const selected = codeColumns(columns).map((name) => jsonColumn(name, types.get(name) ?? ""));
    const sql =
      `SELECT ${columnId(columns.item, idType)} AS id, file_row_number, ${selected.join(", ")} ` +
      `FROM ${parquetTable(path)}`;
    for await (const [ids = [], rows = [], ...codes] of streamColumns(connection, { sql, path })) {
      for (const [at, id] of ids.entries()) {
        const cells = codeColumns(columns).map((name, nth): [string, unknown] => {
          return [name, JSON.parse(textValue(codes[nth]?.[at]) ?? "null")];
        });
        const where = `row ${numberValue(rows[at])}`;
        const item = textValue(id);
        if (item?.startsWith(BAD_ID)) {
          const problem = badIdProblem(columns.item, item);
          throw new DatasetError("BAD_CATALOGUE", `${path}: ${where}: ${problem}. Correct it.`);
        }
        const values = Object.fromEntries([[columns.item, item], ...cells]);
        addRecord(builder, { values, columns, where });
      }
    }
  });
}

function codeColumns({ codes }: CatalogueColumns): readonly string[] {
  return "path" in codes ? [codes.path] : codes.levels;
}

/** A column as JSON: whatever its type is, the value and its text are those of a text file. */
function jsonColumn(name: string, type: string): string {
  const value = type === "BLOB" ? `CAST(${sqlName(name)} AS VARCHAR)` : sqlName(name);
  return `CAST(to_json(${value}) AS VARCHAR) AS ${sqlName(`codes of ${name}`)}`;
}

function missing(path: string, columns: readonly string[]): never {
  throw new DatasetError(
    "MISSING_COLUMN",
    `${path} has the columns ${excerpts(columns) || "(none)"}; ` +
      "a catalogue needs item_id and c0, c1, …, one whole number per level, or a column codes with the whole path. " +
      "Rename its columns, or add a header line if there is none.",
  );
}
