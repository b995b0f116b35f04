import type { Catalogue } from "@nightbeam/catalogue";
import { CatalogueBuilder } from "@nightbeam/catalogue";
import type { DuckDbOptions } from "../duckdb/open-duckdb.js";
import { streamColumns, withDuckDb } from "../duckdb/open-duckdb.js";
import { parquetTable, sqlName } from "../duckdb/sql.js";
import { numberValue, textValue } from "../duckdb/values.js";
import { DatasetError } from "../errors.js";
import type { FileFormat } from "../files/file-format.js";
import { fileShape } from "../files/file-format.js";
import { parquetColumns } from "../files/parquet-columns.js";
import { openTextTable } from "../files/text-table.js";
import { idOf } from "../histories/ids.js";
import { requireIdType } from "../histories/parquet-ids.js";

/** The column of item ids. */
export const ITEM_COLUMN = "item_id";
const INTEGER_TYPE = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT)$/;

/**
 * Reads a table of items: item_id, and the codes c0, c1, … without a gap. Rows stream into the
 * catalogue; other columns are ignored.
 *
 * @throws DatasetError MISSING_COLUMN, COLUMN_TYPE; CatalogueError for an unusable row
 */
export async function readCatalogueTable(source: {
  readonly path: string;
  readonly format: FileFormat;
  readonly duckdb: DuckDbOptions | undefined;
}): Promise<Catalogue> {
  const builder = new CatalogueBuilder();
  if (source.format === "parquet") await addParquet(builder, source);
  else await addText(builder, source);
  return builder.build();
}

async function addText(
  builder: CatalogueBuilder,
  { path, format }: { readonly path: string; readonly format: FileFormat },
): Promise<void> {
  const shape = fileShape({ path, format });
  const table = await openTextTable({ path }, shape);
  const levels = levelColumns(path, table.columns);
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
      // An invalid id or code becomes one that the catalogue refuses, with the reason.
      const id = idOf(values[ITEM_COLUMN]) ?? "";
      builder.add({ id, codes: levels.map((level) => codeOf(values[level])), where });
    }
  }
}

async function addParquet(
  builder: CatalogueBuilder,
  { path, duckdb }: { readonly path: string; readonly duckdb: DuckDbOptions | undefined },
): Promise<void> {
  await withDuckDb(duckdb, async (connection) => {
    const columns = await parquetColumns(connection, path);
    const levels = levelColumns(path, [...columns.keys()]);
    requireIdType({ path, column: ITEM_COLUMN, type: columns.get(ITEM_COLUMN) ?? "" });
    for (const level of levels) requireIntegers(path, level, columns.get(level) ?? "");
    const selected = levels
      .map((level) => `CAST(${sqlName(level)} AS BIGINT) AS ${sqlName(level)}`)
      .join(", ");
    const sql =
      `SELECT CAST(${ITEM_COLUMN} AS VARCHAR) AS id, file_row_number, ${selected} ` +
      `FROM ${parquetTable(path)}`;
    for await (const [ids = [], rows = [], ...levelCodes] of streamColumns(connection, {
      sql,
      path,
    })) {
      for (const [at, id] of ids.entries()) {
        const where = `row ${numberValue(rows[at])}`;
        const codes = levelCodes.map((column) => {
          const code = column[at];
          return code === null || code === undefined ? Number.NaN : numberValue(code);
        });
        builder.add({ id: textValue(id) ?? "", codes, where });
      }
    }
  });
}

/** The columns c0, c1, … up to the first gap. */
function levelColumns(path: string, columns: readonly string[]): string[] {
  const levels: string[] = [];
  while (columns.includes(`c${levels.length}`)) levels.push(`c${levels.length}`);
  if (columns.includes(ITEM_COLUMN) && levels.length > 0) return levels;
  throw new DatasetError(
    "MISSING_COLUMN",
    `${path} has the columns ${columns.map((name) => `"${name}"`).join(", ") || "(none)"}; ` +
      `a catalogue needs ${ITEM_COLUMN} and c0, c1, …: one integer per level.`,
  );
}

function requireIntegers(path: string, column: string, type: string): void {
  if (INTEGER_TYPE.test(type)) return;
  throw new DatasetError(
    "COLUMN_TYPE",
    `${path}: column "${column}" is ${type}; codes are integers. Write the column as integers.`,
  );
}

function codeOf(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && /^\s*\d+\s*$/.test(value) ? Number(value) : Number.NaN;
}
