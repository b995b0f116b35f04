/** A string as an SQL literal. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The name of a column or table as an SQL identifier. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * A Parquet file, or several with the same columns, as a table expression with `file_row_number` and
 * `file_index`, both from 0.
 *
 * DuckDB expands `*`, `?` and `[` in the path, so each is put in brackets to match only itself.
 */
export function parquetTable(path: string | readonly string[]): string {
  const literal = typeof path === "string" ? literalPath(path) : `[${path.map(literalPath)}]`;
  // Older writers do not mark strings; without the option they would be raw bytes. Columns that are the
  // names of directories are added by the reader of histories, for all formats.
  return `read_parquet(${literal}, file_row_number = true, binary_as_string = true, hive_partitioning = false)`;
}

function literalPath(path: string): string {
  return sqlText(path.replaceAll(/[*?[]/g, (sign) => `[${sign}]`));
}
