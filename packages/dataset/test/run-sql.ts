import { DuckDBInstance } from "@duckdb/node-api";

/** Runs statements in a new DuckDB, which is closed afterwards. */
export async function runSql(...statements: string[]): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    for (const sql of statements) await connection.run(sql);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
