/** A text as an SQL literal. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A column's or table's name as an SQL identifier. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * A Parquet file as a table expression with a `file_row_number` column.
 *
 * The path goes in as a literal in which DuckDB would expand `*`, `?` and `[`; each is bracketed,
 * so that it names just the file that it spells.
 */
export function parquetTable(path: string): string {
  const literal = sqlText(path.replaceAll(/[*?[]/g, (sign) => `[${sign}]`));
  // Older writers leave texts unmarked; without the option they would arrive as raw bytes.
  return `read_parquet(${literal}, file_row_number = true, binary_as_string = true)`;
}
