import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import { DuckDBInstance } from "@duckdb/node-api";
import { DatasetError, readFailure, reasonOf } from "../errors.js";

/** How much of the machine the SQL engine may take. */
export interface EngineOptions {
  /** Threads; default 2, and always 1 where bytes must be reproducible. */
  readonly threads?: number;
  /**
   * Memory before the engine spills to disk, as DuckDB writes it ("512MB"). Default "1GB": the
   * engine's own default is most of the machine, which belongs to the model.
   */
  readonly memoryLimit?: string;
  /** Where it spills; a directory of its own is made in here and removed. Default: the system's. */
  readonly tempDirectory?: string;
}

/** An in-memory DuckDB with one connection. Whoever opens it closes it. */
export interface Engine {
  readonly connection: DuckDBConnection;
  close(): Promise<void>;
}

const DEFAULT_THREADS = 2;
const DEFAULT_MEMORY_LIMIT = "1GB";
const END_COLUMN = "stream_end";

/** Opens an engine. @throws DatasetError BAD_OPTION where DuckDB refuses an option. */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  const spill = join(options.tempDirectory ?? tmpdir(), `nightbeam-${process.pid}-${randomUUID()}`);
  const instance = await createInstance(options, spill);
  try {
    const connection = await instance.connect();
    const close = async (): Promise<void> => {
      connection.closeSync();
      instance.closeSync();
      await rm(spill, { recursive: true, force: true });
    };
    return { connection, close };
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}

/** Opens an engine for as long as `work` runs. */
export async function withEngine<T>(
  options: EngineOptions | undefined,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const engine = await openEngine(options);
  try {
    return await work(engine.connection);
  } finally {
    await engine.close();
  }
}

/**
 * The result of a query in batches of columns (about 2,048 rows each), in order; the result is never
 * held whole. Columns of the query need distinct names.
 *
 * The engine's streams end in the same way whether the query is through or has failed half-way (a
 * damaged page, a full disk). So a marker row is put behind the result, and a stream that ends
 * without it is an error instead of a shorter result.
 *
 * @param query.path the file that is read, for messages
 * @throws DatasetError UNREADABLE
 */
export async function* streamColumns(
  connection: DuckDBConnection,
  query: { readonly sql: string; readonly path: string },
): AsyncGenerator<DuckDBValue[][]> {
  const marked = `SELECT * FROM (${query.sql}) UNION ALL BY NAME SELECT true AS ${END_COLUMN}`;
  try {
    const result = await connection.stream(marked);
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) break;
      const columns = chunk.getColumns();
      const ended = columns.pop()?.at(-1) === true;
      if (ended) for (const column of columns) column.pop();
      if ((columns[0]?.length ?? 0) > 0) yield columns;
      if (ended) return;
    }
  } catch (error) {
    throw readFailure(query.path, error);
  }
  throw new DatasetError(
    "UNREADABLE",
    `Reading ${query.path} broke off: the file is damaged, or the disk of temporary files is full. ` +
      "Restore the file, or name a tempDirectory with more room.",
  );
}

/** The single number that a query answers, such as a count. */
export async function queryNumber(connection: DuckDBConnection, sql: string): Promise<number> {
  const reader = await connection.runAndReadAll(sql);
  return Number(reader.getRows()[0]?.[0] ?? 0);
}

async function createInstance(options: EngineOptions, spill: string): Promise<DuckDBInstance> {
  try {
    // DuckDB makes the last folder of the path itself, when it first spills, but not its parents.
    if (options.tempDirectory !== undefined)
      await mkdir(options.tempDirectory, { recursive: true });
    return await DuckDBInstance.create(":memory:", {
      threads: String(options.threads ?? DEFAULT_THREADS),
      memory_limit: options.memoryLimit ?? DEFAULT_MEMORY_LIMIT,
      temp_directory: spill,
      // Rows are named by their place in the file, so that place has to survive the scan.
      preserve_insertion_order: "true",
      // Nothing is fetched from the network behind the user's back.
      autoinstall_known_extensions: "false",
    });
  } catch (error) {
    throw new DatasetError(
      "BAD_OPTION",
      `The data engine does not start: ${reasonOf(error)}. Check threads, memoryLimit ` +
        `(such as "512MB") and tempDirectory (a place where this user may write).`,
      { cause: error },
    );
  }
}
