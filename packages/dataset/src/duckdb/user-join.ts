import {
  BIGINT,
  BLOB,
  blobValue,
  DuckDBBlobValue,
  type DuckDBConnection,
  VARCHAR,
} from "@duckdb/node-api";
import { TableWriter } from "./append.js";
import { type DuckDbOptions, openDuckDb, streamColumns } from "./open-duckdb.js";
import { numberValue } from "./values.js";

/** A row, and the position of its user in the other sequence. */
export interface UserMatch {
  readonly row: number;
  readonly position: number;
}

export interface UserJoinOptions extends DuckDbOptions {
  /** Which position counts of a user who has several in the other sequence. Default: the first. */
  readonly counts?: "first" | "last" | undefined;
}

/**
 * Finds rows of one sequence by the users of another. DuckDB holds the users, and spills what exceeds its memory limit:
 * memory stays flat for any number of users, in any order. First add all users, then read.
 */
export class UserJoin {
  readonly #connection: DuckDBConnection;
  readonly #wanted: TableWriter;
  readonly #kept: TableWriter;
  readonly #counts: "first" | "last";
  readonly close: () => Promise<void>;
  #joined = false;

  private constructor(options: {
    readonly connection: DuckDBConnection;
    readonly wanted: TableWriter;
    readonly kept: TableWriter;
    readonly counts: "first" | "last";
    readonly close: () => Promise<void>;
  }) {
    this.#connection = options.connection;
    this.#wanted = options.wanted;
    this.#kept = options.kept;
    this.#counts = options.counts;
    this.close = options.close;
  }

  /** The caller closes it. @throws DatasetError BAD_OPTION */
  static async open({ counts = "first", ...options }: UserJoinOptions = {}): Promise<UserJoin> {
    const { connection, close } = await openDuckDb(options);
    const table = async (name: string) => {
      await connection.run(`CREATE TABLE ${name} (place BIGINT, "user" VARCHAR)`);
      return TableWriter.open({ connection, table: name, types: [BIGINT, VARCHAR] });
    };
    return new UserJoin({
      ...{ connection, close, counts },
      wanted: await table("wanted"),
      kept: await table("kept"),
    });
  }

  /** Adds a row that looks for its user. */
  want(row: number, user: string): void {
    this.#wanted.add([BigInt(row), user]);
  }

  /** Adds a user of the other sequence. If one comes again, one of the positions counts, see `counts`. */
  keep(position: number, user: string): void {
    this.#kept.add([BigInt(position), user]);
  }

  /** Streams the matches in batches, ascending by row. @throws DatasetError UNREADABLE */
  async *matches(): AsyncGenerator<readonly UserMatch[]> {
    await this.#join();
    const sql = 'SELECT "row", "position" FROM matches';
    for await (const [rows = [], positions = []] of this.#stream(sql)) {
      yield rows.map((row, at) => ({
        row: numberValue(row),
        position: numberValue(positions[at]),
      }));
    }
  }

  /** Whether the positions of all matches ascend as their rows do. @throws DatasetError UNREADABLE */
  async inOrder(): Promise<boolean> {
    let last = -1;
    for await (const batch of this.matches()) {
      for (const { position } of batch) {
        if (position < last) return false;
        last = position;
      }
    }
    return true;
  }

  /**
   * Sorts what comes in the order of positions by the rows that look for it, on disk.
   *
   * @param values in any order; those that no row looks for are left out
   * @returns the values in batches, ascending by row
   * @throws DatasetError UNREADABLE; what `values` throws
   */
  async *sorted(
    values: AsyncIterable<{ readonly position: number; readonly bytes: Uint8Array }>,
  ): AsyncGenerator<readonly { readonly row: number; readonly bytes: Uint8Array }[]> {
    await this.#join();
    await this.#connection.run("CREATE TABLE found (place BIGINT, bytes BLOB)");
    const found = await TableWriter.open({
      ...{ connection: this.#connection, table: "found", types: [BIGINT, BLOB] },
    });
    for await (const { position, bytes } of values) {
      found.add([BigInt(position), blobValue(bytes)]);
    }
    found.close();
    const sql =
      'SELECT "row", bytes FROM matches JOIN found ON found.place = matches."position" ORDER BY "row"';
    for await (const [rows = [], blobs = []] of this.#stream(sql)) {
      yield rows.map((row, at) => {
        const blob = blobs[at];
        const bytes = blob instanceof DuckDBBlobValue ? blob.bytes : new Uint8Array();
        return { row: numberValue(row), bytes };
      });
    }
  }

  async #join(): Promise<void> {
    if (this.#joined) return;
    this.#joined = true;
    this.#wanted.close();
    this.#kept.close();
    const one = this.#counts === "first" ? "min" : "max";
    await this.#connection.run(
      'CREATE TABLE matches AS SELECT wanted.place AS "row", one.place AS "position" FROM wanted JOIN ' +
        `(SELECT "user", ${one}(place) AS place FROM kept GROUP BY "user") AS one USING ("user") ORDER BY "row"`,
    );
    await this.#connection.run("DROP TABLE wanted");
    await this.#connection.run("DROP TABLE kept");
  }

  #stream(sql: string) {
    return streamColumns(this.#connection, { sql, path: "the users of two runs" });
  }
}
