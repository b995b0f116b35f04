import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection, DuckDBDataChunk, DuckDBValue } from "@duckdb/node-api";
import { DuckDBInstance } from "@duckdb/node-api";
import { makeDirectory, reasonOf } from "@nightbeam/store";
import { DatasetError, readFailure } from "../errors.js";

/** How much of the machine DuckDB may use. */
export interface DuckDbOptions {
  /** Default: 2. Writing a Parquet part always uses 1, so that its bytes are reproducible. */
  readonly threads?: number;
  /**
   * Memory limit in DuckDB's notation ("512MB"); beyond it, DuckDB spills to disk. Default: "1GB",
   * because DuckDB's own default is most of the machine, which the model needs.
   */
  readonly memoryLimit?: string;
  /** Where it spills; it creates its own directory in here and removes it. Default: the system's. */
  readonly tempDirectory?: string;
}

/** An in-memory DuckDB with one connection. The caller closes it. */
export interface DuckDb {
  readonly connection: DuckDBConnection;
  /** Runs `work` on a connection of its own: a second query of a connection ends the stream of its first. */
  withConnection<T>(work: (connection: DuckDBConnection) => AsyncGenerator<T>): AsyncGenerator<T>;
  close(): Promise<void>;
}

const DEFAULT_THREADS = 2;
const DEFAULT_MEMORY_LIMIT = "1GB";
const END_COLUMN = "stream_end";

/** Opens DuckDB. @throws DatasetError BAD_OPTION if it refuses an option */
export async function openDuckDb(options: DuckDbOptions = {}): Promise<DuckDb> {
  const spill = join(options.tempDirectory ?? tmpdir(), `nightbeam-${process.pid}-${randomUUID()}`);
  const instance = await createInstance(options, spill);
  try {
    const connection = await instance.connect();
    const close = async (): Promise<void> => {
      connection.closeSync();
      instance.closeSync();
      await rm(spill, { recursive: true, force: true });
    };
    return { connection, withConnection: (work) => onConnection(instance, work), close };
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}

async function* onConnection<T>(
  instance: DuckDBInstance,
  work: (connection: DuckDBConnection) => AsyncGenerator<T>,
): AsyncGenerator<T> {
  const connection = await instance.connect();
  try {
    yield* work(connection);
  } finally {
    connection.closeSync();
  }
}

/** Opens DuckDB for the duration of `work`. */
export async function withDuckDb<T>(
  options: DuckDbOptions | undefined,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const duckdb = await openDuckDb(options);
  try {
    return await work(duckdb.connection);
  } finally {
    await duckdb.close();
  }
}

/**
 * Streams the result of a query in batches of columns (about 2,048 rows each), in order, without
 * holding it all in memory. The columns of the query need distinct names.
 *
 * @param query.path the file that the query reads, for messages
 * @throws DatasetError UNREADABLE
 */
export async function* streamColumns(
  connection: DuckDBConnection,
  query: { readonly sql: string; readonly path: string },
): AsyncGenerator<DuckDBValue[][]> {
  for await (const { chunk, rows } of streamChunks(connection, query)) {
    yield chunk
      .getColumns()
      .slice(0, -1)
      .map((column) => column.slice(0, rows));
  }
}

/** Rows of a result. The chunk has a column more, and perhaps a row. */
export interface StreamedRows {
  readonly chunk: DuckDBDataChunk;
  /** At least 1. */
  readonly rows: number;
}

/**
 * The same without converting values.
 *
 * A DuckDB stream ends in the same way whether the query has completed or failed half-way (a damaged
 * page, a full disk). So a marker row is appended to the result, and a stream that ends without it is
 * an error instead of a shorter result.
 *
 * @param query.path the file that the query reads, for messages
 * @throws DatasetError UNREADABLE
 */
export async function* streamChunks(
  connection: DuckDBConnection,
  query: { readonly sql: string; readonly path: string },
): AsyncGenerator<StreamedRows> {
  const marked = `SELECT * FROM (${query.sql}) UNION ALL BY NAME SELECT true AS ${END_COLUMN}`;
  try {
    const result = await connection.stream(marked);
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) break;
      const marks = chunk.getColumnVector(chunk.columnCount - 1);
      const ended = marks.getItem(chunk.rowCount - 1) === true;
      const rows = chunk.rowCount - (ended ? 1 : 0);
      if (rows > 0) yield { chunk, rows };
      if (ended) return;
    }
  } catch (error) {
    throw readFailure(query.path, error);
  }
  throw new DatasetError(
    "UNREADABLE",
    `Reading ${query.path} stopped early: the file is damaged, or the disk for temporary files is full. ` +
      "Restore the file, or set TMPDIR to a directory with more free space.",
  );
}

/** The single number that a query returns, such as a count. */
export async function queryNumber(connection: DuckDBConnection, sql: string): Promise<number> {
  const reader = await connection.runAndReadAll(sql);
  return Number(reader.getRows()[0]?.[0] ?? 0);
}

async function createInstance(options: DuckDbOptions, spill: string): Promise<DuckDBInstance> {
  try {
    // DuckDB creates the last directory of the path when it first spills, but not its parents.
    if (options.tempDirectory !== undefined) await makeDirectory(options.tempDirectory);
    return await DuckDBInstance.create(":memory:", {
      threads: String(options.threads ?? DEFAULT_THREADS),
      memory_limit: options.memoryLimit ?? DEFAULT_MEMORY_LIMIT,
      temp_directory: spill,
      // Rows are identified by their position in the file, so scans must preserve it.
      preserve_insertion_order: "true",
      // Never download extensions without the user's consent.
      autoinstall_known_extensions: "false",
    });
  } catch (error) {
    throw new DatasetError(
      "BAD_OPTION",
      `DuckDB does not start: ${reasonOf(error)}. Check threads, memoryLimit ` +
        `(such as "512MB") and tempDirectory (which this user must be able to write to).`,
      { cause: error },
    );
  }
}
