import type { DuckDBConnection } from "@duckdb/node-api";
import type { DuckDb } from "../duckdb/open-duckdb.js";
import { queryNumber } from "../duckdb/open-duckdb.js";
import { parquetTable, sqlName } from "../duckdb/sql.js";
import { DatasetError, readFailure } from "../errors.js";
import { isListText, separatorIn } from "../files/item-text.js";
import { parquetRecords } from "../files/parquet-records.js";
import type { HistoryRow } from "./history-row.js";
import type { HistorySource } from "./history-source.js";
import type { HistoryFile } from "./open-files.js";
import { withConstants } from "./open-files.js";
import { parquetHistories } from "./parquet-histories.js";
import type { HistoryFields } from "./text-histories.js";
import { countRecords, textHistories } from "./text-histories.js";
import type { Window } from "./window.js";

/** A file with a history per row. Its rows are numbered from 0. */
export interface RowFile {
  count(): Promise<number>;
  read(window: Pick<Window, "first" | "end">): AsyncGenerator<HistoryRow[]>;
}

/** Rows whose texts show what separates items. */
const SAMPLE_ROWS = 1_000;

/** Opens a file with a history per row. @throws DatasetError COLUMN_TYPE, UNREADABLE, BAD_OPTION */
export async function openRowFile(
  file: HistoryFile,
  source: HistorySource,
  duckdb: () => Promise<DuckDb>,
): Promise<RowFile> {
  const { names, prefix } = file;
  const fields = { names, prefix, texts: source.texts ?? [], itemSeparator: undefined };
  const { content } = file;
  if (content.kind === "parquet") {
    const { types } = content;
    const isText = (types.get(names.history) ?? "VARCHAR") === "VARCHAR";
    const open = await duckdb();
    const sample = isText ? await parquetSample(open.connection, file) : [];
    const itemSeparator = separatorOf(source, sample);
    return new ParquetRowFile(open, { ...file, types, fields: { ...fields, itemSeparator } });
  }
  const { table } = content;
  const isCsv = file.format === "CSV";
  const itemSeparator = isCsv ? separatorOf(source, await textSample(file)) : undefined;
  return {
    count: () => countRecords(table),
    read: (window) => textHistories({ table, window, fields: { ...fields, itemSeparator } }),
  };
}

function separatorOf({ itemSeparator }: HistorySource, sample: readonly unknown[]): string {
  if (itemSeparator === "") {
    throw new DatasetError(
      "BAD_OPTION",
      "itemSeparator is empty; name the text between two items.",
    );
  }
  const texts = sample.filter((text): text is string => typeof text === "string");
  return itemSeparator ?? separatorIn(texts.filter((text) => !isListText(text)));
}

async function textSample({ content, names }: HistoryFile): Promise<unknown[]> {
  if (content.kind !== "text") return [];
  const { table } = content;
  for await (const lines of table.lines()) {
    return lines.slice(0, SAMPLE_ROWS).map((line) => {
      const record = table.parse(line);
      return record.ok ? record.values[names.history] : undefined;
    });
  }
  return [];
}

/** None if the column has texts that are not UTF-8; then the usual separator has to do. */
async function parquetSample(
  connection: DuckDBConnection,
  { path, names }: HistoryFile,
): Promise<unknown[]> {
  const column = sqlName(names.history);
  const sql = `SELECT ${column} FROM ${parquetTable(path)} WHERE file_row_number < ${SAMPLE_ROWS}`;
  try {
    const reader = await connection.runAndReadAll(sql);
    return reader.getRows().map(([text]) => text);
  } catch (error) {
    if (isBadText(error)) return [];
    throw readFailure(path, error);
  }
}

interface ParquetSource extends HistoryFile {
  readonly types: ReadonlyMap<string, string>;
  readonly fields: HistoryFields;
}

class ParquetRowFile implements RowFile {
  readonly #duckdb: DuckDb;
  readonly #file: ParquetSource;
  /** Whether the file has texts that are not UTF-8, so that DuckDB cannot read it. */
  #isBroken = false;

  constructor(duckdb: DuckDb, file: ParquetSource) {
    this.#duckdb = duckdb;
    this.#file = file;
  }

  async count(): Promise<number> {
    const { path } = this.#file;
    try {
      const sql = `SELECT count(*) FROM ${parquetTable(path)}`;
      return await queryNumber(this.#duckdb.connection, sql);
    } catch (error) {
      throw readFailure(path, error);
    }
  }

  async *read({ first, end }: Pick<Window, "first" | "end">): AsyncGenerator<HistoryRow[]> {
    let next = first;
    try {
      const window = { first, end };
      const rows = this.#isBroken
        ? []
        : this.#duckdb.withConnection((connection) =>
            parquetHistories(connection, { ...this.#file, window }),
          );
      for await (const some of rows) {
        next = (some.at(-1)?.row ?? next) + 1;
        yield some;
      }
    } catch (error) {
      if (!(await this.#hasBadText())) throw error;
      this.#isBroken = true;
    }
    if (this.#isBroken) yield* this.#readSlowly({ first: next, end });
  }

  #readSlowly(window: Pick<Window, "first" | "end">): AsyncGenerator<HistoryRow[]> {
    const { path, fields, constants } = this.#file;
    const table = withConstants(parquetRecords(path, this.#columns()), constants);
    return textHistories({ table, fields, window });
  }

  /** A stream of DuckDB does not tell why it ended, so the file is read again. */
  async #hasBadText(): Promise<boolean> {
    const columns = this.#columns().map((name) => `max(hash(${sqlName(name)}))`);
    try {
      const sql = `SELECT ${columns.join(", ")} FROM ${parquetTable(this.#file.path)}`;
      await this.#duckdb.connection.runAndReadAll(sql);
      return false;
    } catch (error) {
      return isBadText(error);
    }
  }

  #columns(): string[] {
    const { names, texts } = this.#file.fields;
    return [names.user, names.history, ...texts].filter((name) => this.#file.types.has(name));
  }
}

/** Whether DuckDB refused a Parquet file for a text that is not UTF-8. */
export function isBadText(error: unknown): boolean {
  return error instanceof Error && error.message.includes("Invalid string encoding");
}
