import type { DuckDBAppender, DuckDBConnection, DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { DuckDBDataChunk } from "@duckdb/node-api";

/** DuckDB's maximum number of rows per chunk. */
const CHUNK_ROWS = 2_048;

/** Fills a DuckDB table row by row; rows are sent in chunks. */
export class TableWriter {
  readonly #appender: DuckDBAppender;
  readonly #types: readonly DuckDBType[];
  #rows: (readonly DuckDBValue[])[] = [];
  #written = 0;

  private constructor(appender: DuckDBAppender, types: readonly DuckDBType[]) {
    this.#appender = appender;
    this.#types = types;
  }

  /** Opens an existing table with these column types. */
  static async open(options: {
    readonly connection: DuckDBConnection;
    readonly table: string;
    readonly types: readonly DuckDBType[];
  }): Promise<TableWriter> {
    return new TableWriter(await options.connection.createAppender(options.table), options.types);
  }

  /** Number of rows added so far. */
  get rows(): number {
    return this.#written;
  }

  add(row: readonly DuckDBValue[]): void {
    this.#rows.push(row);
    this.#written++;
    if (this.#rows.length === CHUNK_ROWS) this.#flush();
  }

  /** Sends the remaining rows. Before this call, no row is guaranteed to be in the table. */
  close(): void {
    if (this.#rows.length > 0) this.#flush();
    this.#appender.closeSync();
  }

  #flush(): void {
    const chunk = DuckDBDataChunk.create(this.#types, this.#rows.length);
    chunk.setRows(this.#rows);
    this.#appender.appendDataChunk(chunk);
    this.#rows = [];
  }
}
