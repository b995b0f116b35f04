import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { DuckDbOptions } from "@nightbeam/dataset";
import { DatasetError, readFailure, withDuckDb, writeFailure } from "@nightbeam/dataset";
import { makeDirectory, publish, tempPath, writeDurably } from "@nightbeam/store";
import type { FilterCounts } from "./filter-events.js";
import { filterEvents } from "./filter-events.js";
import { withJsonLines } from "./json-lines-file.js";
import type { EventCounts, Loading } from "./load-events.js";
import { loadEvents } from "./load-events.js";
import type { OwnerFiles } from "./owner-files.js";
import type { OnProgress } from "./read-owner-file.js";
import type { Shares } from "./split-events.js";
import { splitEvents } from "./split-events.js";
import type { HistoryCounts } from "./write-histories.js";
import { writeHistories } from "./write-histories.js";
import type { ItemCounts } from "./write-items.js";
import { writeItems } from "./write-items.js";

/** What to import, and where to. */
export interface ImportOptions {
  readonly files: OwnerFiles;
  /** A new directory. */
  readonly out: string;
  /** Events with a lower rating are dropped. Default: all are kept. */
  readonly minRating?: number | undefined;
  /** Drops users and items with fewer events (k-core). Default: 5; 0 keeps all. */
  readonly core?: number | undefined;
  /** Default: 8:1:1. */
  readonly shares?: Shares | undefined;
  readonly engine?: DuckDbOptions | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** The content of import.json. */
export interface ImportReport extends FilterCounts, HistoryCounts, ItemCounts {
  readonly dataSet: string;
  readonly arguments: {
    readonly events: string;
    readonly items: string | null;
    readonly minRating: number | null;
    readonly core: number;
    readonly split: string;
  };
  /** Lines of the file of events. */
  readonly read: EventCounts;
  /** When valid and test begin, ISO 8601; null if the split is not by time, or the part is empty. */
  readonly validFrom: string | null;
  readonly testFrom: string | null;
}

const DEFAULT_CORE = 5;
const DEFAULT_SHARES: Shares = [8, 1, 1];

/**
 * Turns a published data set into histories.jsonl, held-out.jsonl, train.jsonl,
 * valid.jsonl, items.jsonl, rejected.jsonl and import.json. The directory appears with all of them
 * or not at all. Memory does not grow with the files: DuckDB sorts and groups, and spills to disk.
 *
 * Low ratings are dropped first, then repetitions, then users and items outside the core; the rest is
 * split.
 *
 * @throws DatasetError BAD_OPTION, NOTHING_LEFT, FILE_NOT_FOUND, UNREADABLE, UNKNOWN_FORMAT,
 * WRITE_FAILED
 */
export async function importDataset(options: ImportOptions): Promise<ImportReport> {
  const out = resolve(options.out);
  if (existsSync(out)) {
    throw new DatasetError("BAD_OPTION", `${options.out} exists already. Name a new directory.`);
  }
  const directory = tempPath(out);
  try {
    await makeDirectory(dirname(out));
    await makeDirectory(directory);
  } catch (error) {
    throw writeFailure(out, error);
  }
  try {
    const rejected = join(directory, "rejected.jsonl");
    const report = await withDuckDb(options.engine, (connection) =>
      withJsonLines({ rejected }, (files) =>
        importInto(directory, options, { connection, rejected: files.rejected }),
      ),
    );
    const text = `${JSON.stringify(report, null, 2)}\n`;
    await writeDurably(join(directory, "import.json"), text);
    await publish(directory, out);
    return report;
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

async function importInto(
  directory: string,
  options: ImportOptions,
  engine: Pick<Loading, "rejected"> & { readonly connection: DuckDBConnection },
): Promise<ImportReport> {
  const { files, minRating, core = DEFAULT_CORE, shares = DEFAULT_SHARES } = options;
  const { onProgress = () => undefined } = options;
  const loading: Loading = { ...engine, onProgress };
  const { path } = files.events.table;
  onProgress(`reading ${path}`);
  const read = await loadEvents(files, { ...loading, minRating });
  onProgress("dropping repetitions, and users and items with too few events");
  const filtered = await inEngine(path, () => filterEvents(engine.connection, core));
  if (filtered.events === 0) throw nothingLeft({ path, read, core, minRating });
  const split = await inEngine(path, () =>
    splitEvents(engine.connection, { shares, dated: files.dated }),
  );
  onProgress("writing histories");
  const { connection } = engine;
  const histories = await writeHistories({ connection, directory, split, path });
  onProgress("writing items");
  const items = await writeItems(files.items, { ...loading, directory, path });
  return {
    dataSet: files.dataSet,
    arguments: {
      events: path,
      items: files.items?.table.path ?? null,
      minRating: minRating ?? null,
      core,
      split: shares.join(":"),
    },
    read,
    ...filtered,
    validFrom: isoOf(split.validFrom),
    testFrom: isoOf(split.testFrom),
    ...histories,
    ...items,
  };
}

/** Work of DuckDB alone, which only fails for lack of disk space. */
async function inEngine<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw readFailure(path, error);
  }
}

/** A moment as ISO 8601, or its milliseconds if it is out of the range of dates. */
function isoOf(moment: number | undefined): string | null {
  if (moment === undefined) return null;
  const date = new Date(moment);
  return Number.isNaN(date.getTime()) ? String(moment) : date.toISOString();
}

function nothingLeft(options: {
  readonly path: string;
  readonly read: EventCounts;
  readonly core: number;
  readonly minRating: number | undefined;
}): DatasetError {
  const { path, read, core, minRating } = options;
  const rating =
    minRating === undefined ? "" : `, ${read.belowRating} were rated below ${minRating}`;
  return new DatasetError(
    "NOTHING_LEFT",
    `${path}: no event is left. Of ${read.lines} lines ${read.rejected} were bad, ` +
      `${read.leftOut} not asked for${rating}; no users and items of the rest have ${core} events each. ` +
      "Lower the minimum.",
  );
}
