import type { DuckDBConnection } from "@duckdb/node-api";
import { BIGINT, VARCHAR } from "@duckdb/node-api";
import {
  idOf,
  idProblem,
  numberValue,
  queryNumber,
  streamColumns,
  TableWriter,
  textValue,
} from "@nightbeam/dataset";
import type { JsonLinesFile } from "./json-lines-file.js";
import type { BadRecord, OwnerFiles, OwnerNames, Values } from "./owner-files.js";
import type { LineCounts, OnProgress } from "./read-owner-file.js";
import { readOwnerFile } from "./read-owner-file.js";

/** Counts of the events that were read, and of those that were dropped. */
export interface EventCounts extends LineCounts {
  /** Valid, but not asked for, such as books that are on a shelf and not read. */
  readonly leftOut: number;
  readonly belowRating: number;
}

/** The engine that loads, and the list of bad lines. */
export interface Loading {
  readonly connection: DuckDBConnection;
  readonly rejected: JsonLinesFile;
  readonly onProgress: OnProgress;
}

/**
 * Loads events into the table `raw` ("user" VARCHAR, item VARCHAR, moment BIGINT, place BIGINT), the
 * place being the line.
 *
 * @throws DatasetError as `readOwnerFile` does
 */
export async function loadEvents(
  files: OwnerFiles,
  options: Loading & { readonly minRating: number | undefined },
): Promise<EventCounts> {
  const { connection, rejected, minRating } = options;
  const table = await createTable(connection, {
    table: "raw",
    columns: '"user" VARCHAR, item VARCHAR, moment BIGINT, place BIGINT',
    types: [VARCHAR, VARCHAR, BIGINT, BIGINT],
  });
  let leftOut = 0;
  let belowRating = 0;
  const counts = await readOwnerFile({
    ...options,
    file: files.events,
    take: (record, line) => {
      if (record.kind === "left-out") {
        leftOut++;
        return undefined;
      }
      if (minRating !== undefined && record.rating === undefined) return "the rating is missing";
      if (minRating !== undefined && (record.rating ?? 0) < minRating) belowRating++;
      else table.add([record.user, record.item, BigInt(record.moment), BigInt(line)]);
      return undefined;
    },
  });
  table.close();
  const unknown =
    (await rename({ ...options, names: files.userNames, column: "user" }, counts.path)) +
    (await rename({ ...options, names: files.itemNames, column: "item" }, counts.path));
  await rejected.flush();
  return { ...counts, rejected: counts.rejected + unknown, leftOut, belowRating };
}

/** Creates a table and opens it for writing. */
export async function createTable(
  connection: DuckDBConnection,
  options: {
    readonly table: string;
    readonly columns: string;
    readonly types: Parameters<typeof TableWriter.open>[0]["types"];
  },
): Promise<TableWriter> {
  await connection.run(`CREATE TABLE ${options.table} (${options.columns})`);
  return TableWriter.open({ connection, table: options.table, types: options.types });
}

/** Replaces the ids in a column of `raw` by their names. @returns the number of events without a name */
async function rename(
  options: Loading & {
    readonly names: OwnerNames | undefined;
    readonly column: "user" | "item";
  },
  path: string,
): Promise<number> {
  const { connection, rejected, names, column } = options;
  if (names === undefined) return 0;
  await loadNames(options, names);
  const unknown = `FROM raw ANTI JOIN names ON raw."${column}" = names.id`;
  const count = await queryNumber(connection, `SELECT count(*) ${unknown}`);
  const sql = `SELECT raw.place, raw."${column}" AS id ${unknown} ORDER BY raw.place`;
  for await (const [places = [], ids = []] of streamColumns(connection, { sql, path })) {
    for (const [at, place] of places.entries()) {
      const reason = `${names.from} ${textValue(ids[at])} is not in ${names.table.path}`;
      rejected.add({ file: path, line: numberValue(place), reason });
    }
    await rejected.flush();
  }
  await connection.run(
    `CREATE TABLE renamed AS SELECT raw.* REPLACE (names.name AS "${column}")
     FROM raw JOIN names ON raw."${column}" = names.id`,
  );
  await connection.run("DROP TABLE raw; DROP TABLE names; ALTER TABLE renamed RENAME TO raw");
  return count;
}

/** Loads the table `names` (id, name): the first name of each id. */
async function loadNames(options: Loading, names: OwnerNames): Promise<void> {
  const { connection } = options;
  const table = await createTable(connection, {
    table: "all_names",
    columns: "id VARCHAR, name VARCHAR, place BIGINT",
    types: [VARCHAR, VARCHAR, BIGINT],
  });
  await readOwnerFile({
    ...options,
    file: { ...names, read: (values) => nameOf(names, values) },
    take: ({ id, name }, line) => {
      table.add([id, name, BigInt(line)]);
      return undefined;
    },
  });
  table.close();
  await connection.run(
    "CREATE TABLE names AS SELECT id, arg_min(name, place) AS name FROM all_names GROUP BY id",
  );
  await connection.run("DROP TABLE all_names");
}

interface Name {
  readonly kind: "name";
  readonly id: string;
  readonly name: string;
}

function nameOf(names: OwnerNames, values: Values): Name | BadRecord {
  const id = idOf(values[names.from]);
  if (id === undefined) return { kind: "bad", detail: idProblem(names.from, values[names.from]) };
  const name = idOf(values[names.to]);
  if (name === undefined) return { kind: "bad", detail: idProblem(names.to, values[names.to]) };
  return { kind: "name", id, name };
}
