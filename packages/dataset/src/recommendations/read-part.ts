import type { DuckDBConnection } from "@duckdb/node-api";
import { reasonOf } from "@nightbeam/store";
import { z } from "zod";
import type { DuckDbOptions } from "../duckdb/open-duckdb.js";
import { openDuckDb, streamColumns } from "../duckdb/open-duckdb.js";
import { parquetTable } from "../duckdb/sql.js";
import { textValue } from "../duckdb/values.js";
import { DatasetError } from "../errors.js";
import { fileShape } from "../files/file-format.js";
import { parquetColumns } from "../files/parquet-columns.js";
import { openTextTable } from "../files/text-table.js";
import type { Recommendation } from "./recommendation.js";
import { recommendationSchema } from "./recommendation.js";

/** A file of recommendations, written by `writePart`. */
export interface RecommendationFile {
  readonly path: string;
  /** Default: by the extension of the path. */
  readonly format?: "parquet" | "jsonl";
  readonly duckdb?: DuckDbOptions;
}

const partSchema = z.array(recommendationSchema);

/**
 * Streams the recommendations of a file in batches, in file order. Unlike for histories, an unreadable
 * row ends the reading: a program wrote the file, so it is damaged.
 *
 * @throws DatasetError FILE_NOT_FOUND, UNREADABLE, UNKNOWN_FORMAT, MISSING_COLUMN
 */
export function readRecommendationFile(file: RecommendationFile): AsyncGenerator<Recommendation[]> {
  return readRecommendationFiles([file], file.duckdb);
}

/** Streams several files in order, with one DuckDB instance: starting one takes as long as reading a part. */
export async function* readRecommendationFiles(
  files: Iterable<RecommendationFile> | AsyncIterable<RecommendationFile>,
  options: DuckDbOptions | undefined,
): AsyncGenerator<Recommendation[]> {
  const duckdb = await openDuckDb(options);
  try {
    for await (const file of files) {
      const shape = fileShape(file);
      if (shape.format === "csv") {
        throw new DatasetError(
          "UNKNOWN_FORMAT",
          `${file.path}: recommendations must be .parquet or .jsonl, not CSV.`,
        );
      }
      if (shape.format === "parquet") yield* readParquet(duckdb.connection, file.path);
      else yield* readJsonl(file.path);
    }
  } finally {
    await duckdb.close();
  }
}

async function* readJsonl(path: string): AsyncGenerator<Recommendation[]> {
  const table = await openTextTable({ path }, { format: "jsonl", delimiter: "," });
  for await (const lines of table.lines()) {
    yield lines.map((line) => {
      const record = table.parse(line);
      const parsed = recommendationSchema.safeParse(record.ok ? record.values : undefined);
      if (parsed.success) return parsed.data;
      const problem = record.ok ? z.prettifyError(parsed.error) : record.detail;
      throw damaged(path, `line ${line.number}: ${problem}`);
    });
  }
}

async function* readParquet(
  connection: DuckDBConnection,
  path: string,
): AsyncGenerator<Recommendation[]> {
  const columns = await parquetColumns(connection, path);
  const missing = ["user", "items"].filter((name) => !columns.has(name));
  if (missing.length > 0) {
    throw new DatasetError(
      "MISSING_COLUMN",
      `${path} has no column "${missing.join('", "')}"; recommendations have user and items.`,
    );
  }
  const sql = `SELECT "user", CAST(to_json(items) AS VARCHAR) AS list FROM ${parquetTable(path)}`;
  for await (const [users = [], lists = []] of streamColumns(connection, { sql, path })) {
    const rows = users.map((user, place) => {
      const items: unknown = JSON.parse(textValue(lists[place]) ?? "null");
      return { user, items };
    });
    const parsed = partSchema.safeParse(rows);
    if (!parsed.success) throw damaged(path, z.prettifyError(parsed.error));
    yield parsed.data;
  }
}

function damaged(path: string, problem: string): DatasetError {
  return new DatasetError(
    "UNREADABLE",
    `${path} does not hold recommendations: ${reasonOf(problem)}. Write it again.`,
  );
}
