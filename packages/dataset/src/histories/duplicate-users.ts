import type { DuckDBConnection } from "@duckdb/node-api";
import { BIGINT, VARCHAR } from "@duckdb/node-api";
import { excerpt } from "@nightbeam/catalogue";
import { TableWriter } from "../duckdb/append.js";
import type { DuckDb } from "../duckdb/open-duckdb.js";
import { queryNumber, streamColumns } from "../duckdb/open-duckdb.js";
import { numberValue } from "../duckdb/values.js";
import type { HistoryRow } from "./history-row.js";
import { rejectRow } from "./history-row.js";
import type { DuplicateUsers } from "./history-source.js";
import type { RowSource } from "./row-source.js";

/** Rows of which each user has one at most, apart from rejected ones. */
export interface UniqueRows extends RowSource {
  /** How many rows are rejected because another one of their user counts, or none does. */
  readonly duplicates: number;
}

/**
 * Reads the first `end` rows once, and rejects those that do not count by the rule. Only readable rows are
 * compared. DuckDB compares the users and spills to disk, so memory does not grow with their number.
 */
export async function uniqueRows(
  rows: RowSource,
  options: {
    readonly duckdb: DuckDb;
    readonly rule: Exclude<DuplicateUsers, "keep">;
    readonly end: number;
    /** For messages. */
    readonly path: string;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<UniqueRows> {
  const { duckdb, rule, path } = options;
  const { connection } = duckdb;
  const count = await loadUsers(connection, rows, options);
  const kept = { last: "max(place)", first: "min(place)", reject: "NULL::BIGINT" }[rule];
  await connection.run(
    `CREATE TABLE duplicates AS SELECT place, kept FROM users JOIN (SELECT "user", ${kept} AS kept ` +
      'FROM users GROUP BY "user" HAVING count(*) > 1) USING ("user") WHERE place IS DISTINCT FROM kept',
  );
  await connection.run("DROP TABLE users");
  const duplicates = await queryNumber(connection, "SELECT count(*) FROM duplicates");
  return {
    duplicates,
    count: async () => count,
    read: (window) => {
      if (duplicates === 0) return rows.read(window);
      return duckdb.withConnection(async function* (own) {
        const dropped = new Dropped(own, { ...window, path });
        for await (const some of rows.read(window)) yield await dropped.reject(some);
      });
    },
  };
}

async function loadUsers(
  connection: DuckDBConnection,
  rows: RowSource,
  { end, signal }: { readonly end: number; readonly signal?: AbortSignal | undefined },
): Promise<number> {
  await connection.run('CREATE TABLE users ("user" VARCHAR, place BIGINT)');
  const types = [VARCHAR, BIGINT];
  const users = await TableWriter.open({ connection, table: "users", types });
  let count = 0;
  for await (const some of rows.read({ first: 0, end })) {
    signal?.throwIfAborted();
    for (const row of some) if (row.kind === "history") users.add([row.user, BigInt(row.row)]);
    count += some.length;
  }
  users.close();
  return count;
}

/** The duplicates of a window, read along with its rows. */
class Dropped {
  readonly #batches: AsyncGenerator<(readonly [place: number, kept: number | undefined])[]>;
  #next: (readonly [place: number, kept: number | undefined])[] = [];
  #ended = false;

  constructor(connection: DuckDBConnection, window: { first: number; end: number; path: string }) {
    const { first, end, path } = window;
    const upTo = Number.isFinite(end) ? ` AND place < ${end}` : "";
    const sql = `SELECT place, kept FROM duplicates WHERE place >= ${first}${upTo} ORDER BY place`;
    this.#batches = batchesOf(streamColumns(connection, { sql, path }));
  }

  /** Rejects the duplicates among the next rows. */
  async reject(rows: readonly HistoryRow[]): Promise<HistoryRow[]> {
    const last = rows.at(-1)?.row ?? -1;
    while (!this.#ended && (this.#next.at(-1)?.[0] ?? -1) < last) {
      const { value, done } = await this.#batches.next();
      if (done === true) this.#ended = true;
      else this.#next.push(...value);
    }
    const kept = new Map(this.#next.filter(([place]) => place <= last));
    this.#next = this.#next.filter(([place]) => place > last);
    return rows.map((row) => (kept.has(row.row) ? duplicateOf(row, kept.get(row.row)) : row));
  }
}

async function* batchesOf(columns: ReturnType<typeof streamColumns>) {
  for await (const [places = [], kept = []] of columns) {
    yield places.map((place, at) => {
      const other = kept[at] === null ? undefined : numberValue(kept[at]);
      return [numberValue(place), other] as const;
    });
  }
}

function duplicateOf({ row, user = "" }: HistoryRow, kept: number | undefined): HistoryRow {
  const detail =
    kept === undefined
      ? `user ${excerpt(user)} has several rows`
      : `user ${excerpt(user)} has several rows; row ${kept} counts`;
  return rejectRow({ row, user, reason: "duplicate_user", detail });
}
