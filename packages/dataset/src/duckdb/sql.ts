/** A string as an SQL literal. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The name of a column or table as an SQL identifier. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * A Parquet file as a table expression with a `file_row_number` column.
 *
 * DuckDB expands `*`, `?` and `[` in the path, so each is put in brackets to match only itself.
 */
export function parquetTable(path: string): string {
  const literal = sqlText(path.replaceAll(/[*?[]/g, (sign) => `[${sign}]`));
  // Older writers do not mark strings; without the option they would be raw bytes. Columns that are the
  // names of directories are added by the reader of histories, for all formats.
  return `read_parquet(${literal}, file_row_number = true, binary_as_string = true, hive_partitioning = false)`;
}
