import type { DuckDBConnection } from "@duckdb/node-api";
import { assertRegular } from "@nightbeam/store";
import { parquetTable } from "../duckdb/sql.js";
import { textValue } from "../duckdb/values.js";
import { readFailure } from "../errors.js";

/** The columns of a Parquet file: name to SQL type. @throws DatasetError FILE_NOT_FOUND, UNREADABLE */
export async function parquetColumns(
  connection: DuckDBConnection,
  path: string,
): Promise<ReadonlyMap<string, string>> {
  try {
    // DuckDB reports a missing file like any other failure; the file system has a code for it.
    await assertRegular(path);
    const reader = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${parquetTable(path)}`);
    const columns = new Map<string, string>();
    for (const [name, type] of reader.getRows()) {
      const key = textValue(name);
      // `parquetTable` adds the row number; it is not a column of the file.
      if (key !== null && key !== "file_row_number") columns.set(key, textValue(type) ?? "");
    }
    return columns;
  } catch (error) {
    throw readFailure(path, error);
  }
}
