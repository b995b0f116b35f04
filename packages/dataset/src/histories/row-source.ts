import type { DuckDb } from "../duckdb/open-duckdb.js";
import type { EventTable } from "./event-table.js";
import { groupedHistories } from "./event-table.js";
import type { HistoryRow } from "./history-row.js";
import type { RowFile } from "./row-file.js";
import type { Window } from "./window.js";

/** The rows of an input, numbered from 0. */
export interface RowSource {
  count(): Promise<number>;
  /** Rows in order; may be called several times, also concurrently. */
  read(window: Pick<Window, "first" | "end">): AsyncGenerator<HistoryRow[]>;
}

/** The rows of several files, one after the other. */
export class FileRows implements RowSource {
  readonly #files: readonly RowFile[];
  readonly #counts = new Map<RowFile, Promise<number>>();

  constructor(files: readonly RowFile[]) {
    this.#files = files;
  }

  async count(): Promise<number> {
    let rows = 0;
    for (const file of this.#files) rows += await this.#countOf(file);
    return rows;
  }

  async *read({ first, end }: Pick<Window, "first" | "end">): AsyncGenerator<HistoryRow[]> {
    let base = 0;
    for (const file of this.#files) {
      if (base >= end) return;
      const from = Math.max(0, first - base);
      const isLast = file === this.#files.at(-1);
      const count = isLast ? Number.POSITIVE_INFINITY : await this.#countOf(file);
      if (from < count) {
        for await (const rows of file.read({ first: from, end: end - base })) {
          yield base === 0 ? rows : rows.map((row) => ({ ...row, row: row.row + base }));
        }
      }
      base += count;
    }
  }

  #countOf(file: RowFile): Promise<number> {
    const count = this.#counts.get(file) ?? file.count();
    this.#counts.set(file, count);
    return count;
  }
}

/** Users of events, and then the events that cannot be used. */
export function eventRows(
  duckdb: DuckDb,
  table: EventTable & { readonly rows: number },
): RowSource {
  return {
    count: async () => table.rows,
    read: (window) =>
      duckdb.withConnection((connection) => groupedHistories(connection, table, window)),
  };
}
