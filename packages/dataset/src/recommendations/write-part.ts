import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { VARCHAR } from "@duckdb/node-api";
import { FILE_MODE, fingerprint, publish, syncFile, tempPath } from "@nightbeam/store";
import { TableWriter } from "../duckdb/append.js";
import type { DuckDbOptions } from "../duckdb/open-duckdb.js";
import { withDuckDb } from "../duckdb/open-duckdb.js";
import { sqlText } from "../duckdb/sql.js";
import { writeFailure } from "../errors.js";
import type { Recommendation } from "./recommendation.js";
import { storedItems } from "./recommendation.js";

/** The file format of a part. */
export type PartFormat = "parquet" | "jsonl";

/** `nested`: a row per user, with a list of items. `flat`: a row per user and item. */
export type PartLayout = "nested" | "flat";

/** Recommendations, as an array or a stream. */
export type Recommendations = Iterable<Recommendation> | AsyncIterable<Recommendation>;

/** What a part file holds. */
export interface PartContent {
  /** Default: "parquet". */
  readonly format?: PartFormat;
  /** Default: "nested". */
  readonly layout?: PartLayout | undefined;
  readonly recommendations: Recommendations;
  readonly duckdb?: DuckDbOptions;
}

/** A part to write. */
export interface PartSource extends PartContent {
  readonly directory: string;
  /** The file name without extension: "part-00000". */
  readonly name: string;
}

/** A part file that has been written. */
export interface WrittenFile {
  /** Users written. */
  readonly rows: number;
  readonly bytes: number;
  /** SHA-256 of the file, in hex. */
  readonly sha256: string;
}

/** A part that has been written. */
export interface WrittenPart extends WrittenFile {
  /** The file name with extension, relative to the directory. */
  readonly file: string;
}

/** Large enough for zstd to find repetition, small enough to read without much memory. */
const ROW_GROUP_ROWS = 8_192;
/** About as many bytes: a list has ten items or so. */
const FLAT_ROW_GROUP_ROWS = 10 * ROW_GROUP_ROWS;
const ITEMS_SHAPE =
  '[{"rank":"INTEGER","item":"VARCHAR","score":"DOUBLE","log_prob":"DOUBLE","codes":["USMALLINT"]}]';
/** Lines per write. */
const BATCH_LINES = 256;

/**
 * Writes a part file. Parquet, zstd: `user` VARCHAR, `items` LIST(STRUCT(rank INTEGER, item VARCHAR, score DOUBLE,
 * log_prob DOUBLE, codes USMALLINT[])); flat, the same as columns: user, rank, item, score, log_prob, codes. JSONL: objects
 * with these keys. A user without items has no row in the flat layout. The file is complete or absent, and equal
 * recommendations give equal bytes in either format.
 *
 * @throws DatasetError BAD_RECOMMENDATION, WRITE_FAILED
 */
export async function writePart(source: PartSource): Promise<WrittenPart> {
  const file = `${source.name}.${source.format ?? "parquet"}`;
  const path = join(source.directory, file);
  const temp = tempPath(path);
  const written = await writePartFile(temp, source);
  try {
    await publish(temp, path);
    return { file, ...written };
  } catch (error) {
    await rm(temp, { force: true });
    throw writeFailure(path, error);
  }
}

/**
 * Writes and syncs a part file at a path that is not used yet, such as a temporary one that the caller publishes. On
 * failure nothing is left.
 *
 * @throws DatasetError BAD_RECOMMENDATION, WRITE_FAILED
 */
export async function writePartFile(path: string, content: PartContent): Promise<WrittenFile> {
  const recommendations = new WatchedSource(content.recommendations);
  try {
    const write = content.format === "jsonl" ? writeJsonl : writeParquet;
    const rows = await write(path, { ...content, recommendations });
    await syncFile(path);
    return { rows, ...(await fingerprint(path)) };
  } catch (error) {
    await rm(path, { force: true });
    throw recommendations.failed ? error : writeFailure(path, error);
  }
}

/** Remembers whether the source failed: its errors are not failures to write. */
class WatchedSource implements AsyncIterable<Recommendation> {
  failed = false;
  readonly #source: Recommendations;

  constructor(source: Recommendations) {
    this.#source = source;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Recommendation> {
    this.failed = true;
    for await (const recommendation of this.#source) {
      this.failed = false;
      yield recommendation;
      this.failed = true;
    }
    this.failed = false;
  }
}

async function writeJsonl(path: string, source: PartContent): Promise<number> {
  const file = await open(path, "wx", FILE_MODE);
  try {
    let rows = 0;
    let batch: string[] = [];
    for await (const recommendation of source.recommendations) {
      for (const record of recordsOf(recommendation, source.layout)) {
        batch.push(`${JSON.stringify(record)}\n`);
      }
      rows++;
      if (batch.length < BATCH_LINES) continue;
      await file.appendFile(batch.join(""));
      batch = [];
    }
    await file.appendFile(batch.join(""));
    return rows;
  } finally {
    await file.close();
  }
}

function recordsOf(recommendation: Recommendation, layout: PartLayout = "nested"): object[] {
  const { user } = recommendation;
  const items = storedItems(recommendation);
  return layout === "flat" ? items.map((item) => ({ user, ...item })) : [{ user, items }];
}

function writeParquet(path: string, source: PartContent): Promise<number> {
  // With more threads the borders of row groups would vary, and so would the bytes.
  return withDuckDb({ ...source.duckdb, threads: 1 }, async (connection) => {
    await connection.run('CREATE TABLE part ("user" VARCHAR, items VARCHAR)');
    const writer = await TableWriter.open({ connection, table: "part", types: [VARCHAR, VARCHAR] });
    // Lists go in as JSON: cheaper than building DuckDB's value objects for every item.
    for await (const recommendation of source.recommendations) {
      writer.add([recommendation.user, JSON.stringify(storedItems(recommendation))]);
    }
    writer.close();
    const flat = source.layout === "flat";
    const items = `from_json(items, ${sqlText(ITEMS_SHAPE)})`;
    const query = flat
      ? `SELECT "user", item.* FROM (SELECT "user", unnest(${items}) AS item FROM part)`
      : `SELECT "user", ${items} AS items FROM part`;
    const groupRows = flat ? FLAT_ROW_GROUP_ROWS : ROW_GROUP_ROWS;
    // DuckDB makes files that all users may read, and keeps the mode of one that exists.
    await (await open(path, "wx", FILE_MODE)).close();
    await connection.run(
      `COPY (${query}) TO ${sqlText(path)} ` +
        `(FORMAT parquet, USE_TMP_FILE false, COMPRESSION zstd, ROW_GROUP_SIZE ${groupRows})`,
    );
    return writer.rows;
  });
}

/** "part-00042"; more digits if the index needs them. */
export function partName(index: number): string {
  return `part-${String(index).padStart(5, "0")}`;
}
