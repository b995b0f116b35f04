import type { DuckDBConnection } from "@duckdb/node-api";
import { reasonOf } from "@nightbeam/store";
import { z } from "zod";
import type { DuckDbOptions } from "../duckdb/open-duckdb.js";
import { openDuckDb, streamColumns } from "../duckdb/open-duckdb.js";
import { parquetTable, sqlName, sqlText } from "../duckdb/sql.js";
import { textValue } from "../duckdb/values.js";
import { DatasetError } from "../errors.js";
import { fileShape } from "../files/file-format.js";
import type { Line } from "../files/lines.js";
import { parquetColumns } from "../files/parquet-columns.js";
import { openTextTable } from "../files/text-table.js";
import { flatRowSchema, ListCollector } from "./flat-rows.js";
import type { Recommendation } from "./recommendation.js";
import { recommendationSchema } from "./recommendation.js";

/** A file of recommendations, written by `writePart`; its layout follows from its content. */
export interface RecommendationFile {
  readonly path: string;
  /** Default: by the extension of the path. */
  readonly format?: "parquet" | "jsonl";
  readonly duckdb?: DuckDbOptions;
  /** Reads only this user's list. Default: all. */
  readonly user?: string | undefined;
}

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
      if (shape.format === "parquet") yield* readParquet(duckdb.connection, file);
      else yield* readJsonl(file);
    }
  } finally {
    await duckdb.close();
  }
}

async function* readJsonl({ path, user }: RecommendationFile): AsyncGenerator<Recommendation[]> {
  // Ids are texts, and scores are numbers, however large.
  const table = await openTextTable({ path }, { format: "jsonl", delimiter: ",", exactIds: false });
  const flat = !table.columns.includes("items") && table.columns.includes("item");
  const lists = new ListCollector();
  const read = <Value>(line: Line, schema: z.ZodType<Value>): Value => {
    const record = table.parse(line);
    const parsed = schema.safeParse(record.ok ? record.values : undefined);
    if (parsed.success) return parsed.data;
    const problem = record.ok ? z.prettifyError(parsed.error) : record.detail;
    throw damaged(path, `line ${line.number}: ${problem}`);
  };
  // Most lines of other users need no parsing.
  const needle = user === undefined ? "" : JSON.stringify(user);
  for await (const all of table.lines()) {
    const lines = all.filter(({ bytes }) => bytes === null || bytes.includes(needle));
    yield (
      flat
        ? lines.flatMap((line) => lists.add(read(line, flatRowSchema)) ?? [])
        : lines.map((line) => read(line, recommendationSchema))
    ).filter((list) => user === undefined || list.user === user);
  }
  yield [lists.finish() ?? []].flat().filter((list) => user === undefined || list.user === user);
}

async function* readParquet(
  connection: DuckDBConnection,
  { path, user }: RecommendationFile,
): AsyncGenerator<Recommendation[]> {
  const columns = await parquetColumns(connection, path);
  const flat = !columns.has("items") && columns.has("item");
  const wanted = flat ? ["user", "item", "score", "codes"] : ["user", "items"];
  const missing = wanted.filter((name) => !columns.has(name));
  if (missing.length > 0) {
    throw new DatasetError(
      "MISSING_COLUMN",
      `${path} has no column "${missing.join('", "')}"; recommendations have user and items, or a row per item with ` +
        "user, rank, item, score, log_prob, codes.",
    );
  }
  const others = ["rank", "log_prob"].filter((name) => columns.has(name));
  const row = [...wanted, ...others].map((name) => `${sqlName(name)} := ${sqlName(name)}`);
  const value = flat ? `struct_pack(${row.join(", ")})` : "items";
  const where = user === undefined ? "" : ` WHERE "user" = ${sqlText(user)}`;
  const sql = `SELECT "user", CAST(to_json(${value}) AS VARCHAR) AS list FROM ${parquetTable(path)}${where}`;
  const lists = new ListCollector();
  for await (const [users = [], texts = []] of streamColumns(connection, { sql, path })) {
    const values = texts.map((text): unknown => JSON.parse(textValue(text) ?? "null"));
    if (flat) yield parsedAs(path, flatRowsSchema, values).flatMap((one) => lists.add(one) ?? []);
    else {
      const rows = users.map((user, place) => ({ user, items: values[place] }));
      yield parsedAs(path, partSchema, rows);
    }
  }
  yield [lists.finish() ?? []].flat();
}

const partSchema = z.array(recommendationSchema);
const flatRowsSchema = z.array(flatRowSchema);

function parsedAs<Value>(path: string, schema: z.ZodType<Value>, value: unknown): Value {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw damaged(path, z.prettifyError(parsed.error));
}

function damaged(path: string, problem: string): DatasetError {
  return new DatasetError(
    "UNREADABLE",
    `${path} does not hold recommendations: ${reasonOf(problem)}. Write it again.`,
  );
}
