import type { DuckDb } from "../duckdb/open-duckdb.js";
import { openDuckDb } from "../duckdb/open-duckdb.js";
import { inputFiles } from "../files/input-files.js";
import type { HistoryLayout } from "./columns.js";
import { uniqueRows } from "./duplicate-users.js";
import type { HistoryRow } from "./history-row.js";
import type { HistorySource } from "./history-source.js";
import { openEvents } from "./open-events.js";
import type { HistoryFile } from "./open-files.js";
import { openFiles } from "./open-files.js";
import { openRowFile } from "./row-file.js";
import type { RowSource } from "./row-source.js";
import { eventRows, FileRows } from "./row-source.js";
import type { Decimals } from "./whole-ids.js";
import { findDecimals, withoutPoints } from "./whole-ids.js";
import type { RowWindow } from "./window.js";
import { inChunks, windowOf } from "./window.js";

/** Histories that are open: checked, and read as often as needed. The caller closes them. */
export interface Histories {
  readonly layout: HistoryLayout;
  /** What was found out about the files and is not obvious, as sentences. */
  readonly notes: readonly string[];
  /** The number of rows, at most the limit. Costs a pass over text files, if none was made before. */
  count(): Promise<number>;
  /** Streams rows in chunks; several streams may be read at once. @throws DatasetError UNREADABLE, BAD_OPTION */
  read(window?: RowWindow): AsyncGenerator<HistoryRow[]>;
  close(): Promise<void>;
}

/** Files of histories, how to read them, and how many rows count. */
export interface OpenHistoriesOptions extends HistorySource {
  /** The rows among which users are compared, and that `count` counts. Default: all. */
  readonly limit?: number | undefined;
  /** Stops the opening, which may read all files. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens histories: finds the files, their formats and columns, loads events, and looks for users who
 * occur twice if `duplicateUsers` asks for it. Memory does not grow with the number of users.
 *
 * - `rows`: a user and the complete history in each row. Rows are in the order of the files.
 * - `events`: a user, an item and a time. Each user is a row, in the order of user ids (by UTF-8 bytes);
 *   items by time, ties by position in the files. Unusable events follow as rejected rows.
 *
 * The numbering of rows depends on the files alone, so `offset` resumes exactly.
 *
 * @throws DatasetError FILE_NOT_FOUND, UNREADABLE, UNKNOWN_FORMAT, MISSING_COLUMN, COLUMN_TYPE,
 * BAD_OPTION; the signal's reason
 */
export async function openHistories(options: OpenHistoriesOptions): Promise<Histories> {
  const { end: limit } = windowOf({ limit: options.limit });
  const database = new OnDemand(options);
  const duckdb = () => database.get();
  const { signal } = options;
  try {
    const files = await openFiles(await inputFiles(options.path), options, duckdb);
    const [{ layout, path }] = files;
    const { rows, decimals } =
      layout === "rows"
        ? await rowsOf(files, options, duckdb)
        : await eventsOf(files, duckdb, signal);
    const notes = decimalNotes(decimals);
    const rule = layout === "events" ? "keep" : (options.duplicateUsers ?? "keep");
    const read =
      rule === "keep"
        ? rows
        : await uniqueRows(rows, { rule, end: limit, path, duckdb: await duckdb(), signal });
    return {
      layout,
      notes,
      count: async () => Math.min(limit, await read.count()),
      read: (window = {}) => chunksOf(read, window),
      close: () => database.close(),
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}

type Files = readonly [HistoryFile, ...HistoryFile[]];
type Opened = { readonly rows: RowSource; readonly decimals: Decimals };

async function rowsOf(
  files: Files,
  source: HistorySource,
  duckdb: () => Promise<DuckDb>,
): Promise<Opened> {
  const opened = [];
  for (const file of files) opened.push(await openRowFile(file, source, duckdb));
  const rows = new FileRows(opened);
  const decimals = await findDecimals(rows);
  return { rows: withoutPoints(rows, decimals), decimals };
}

async function eventsOf(
  files: Files,
  duckdb: () => Promise<DuckDb>,
  signal: AbortSignal | undefined,
): Promise<Opened> {
  const open = await duckdb();
  const events = await openEvents(open, files, signal);
  return { rows: eventRows(open, events), decimals: events.decimals };
}

function decimalNotes({ users, items }: Decimals): string[] {
  if (!users && !items) return [];
  const whose = users && items ? "User and item" : users ? "User" : "Item";
  return [`${whose} ids are written as decimals and read as whole numbers: 12.0 as 12.`];
}

function chunksOf(rows: RowSource, options: RowWindow): AsyncGenerator<HistoryRow[]> {
  const { first, end, chunk } = windowOf(options);
  return inChunks(rows.read({ first, end }), chunk);
}

/** DuckDB, opened when it is first needed: many files are read without it. */
class OnDemand {
  readonly #source: HistorySource;
  #opened: Promise<DuckDb> | undefined;

  constructor(source: HistorySource) {
    this.#source = source;
  }

  get(): Promise<DuckDb> {
    this.#opened ??= openDuckDb(this.#source.duckdb);
    return this.#opened;
  }

  async close(): Promise<void> {
    await (await this.#opened)?.close();
  }
}
