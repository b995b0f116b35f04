import type { DuckDbOptions } from "../duckdb/open-duckdb.js";
import { DatasetError } from "../errors.js";
import type { FileFormat } from "../files/file-format.js";

/**
 * What a row of the file is: `rows`, a user with the whole history; `events`, one interaction of a
 * user with an item at a time.
 */
export type HistoryLayout = "rows" | "events";

/** Names of the columns, where they differ from the names of the fields here. */
export interface HistoryColumns {
  readonly user?: string | undefined;
  readonly history?: string | undefined;
  readonly item?: string | undefined;
  readonly time?: string | undefined;
}

/** A file of histories and how to read it. */
export interface HistorySource {
  readonly path: string;
  /** Default: by the ending of the path. */
  readonly format?: FileFormat;
  /** Default: by the columns that are there; `rows` where both could be meant. */
  readonly layout?: HistoryLayout;
  readonly columns?: HistoryColumns;
  /** Between the items of a history that is a text (CSV, or a text column); default one space. */
  readonly itemSeparator?: string;
  /** Between the fields of a CSV line; default a comma, for .tsv a tab. */
  readonly delimiter?: string;
  /** Longer lines are rejected, in bytes; default 64 MiB. */
  readonly maxLineBytes?: number;
  readonly duckdb?: DuckDbOptions;
}

/** Every column's name, defaults filled in. */
export type ColumnNames = Required<{ [K in keyof HistoryColumns]-?: string }>;

/** Fills in the names that the caller leaves open. */
export function columnNames(columns: HistoryColumns = {}): ColumnNames {
  return {
    user: columns.user ?? "user",
    history: columns.history ?? "history",
    item: columns.item ?? "item",
    time: columns.time ?? "time",
  };
}

/** Tells the layout and checks that its columns are there. @throws DatasetError MISSING_COLUMN */
export function layoutOf(options: {
  readonly source: HistorySource;
  readonly names: ColumnNames;
  readonly columns: readonly string[];
}): HistoryLayout {
  const { source, names, columns } = options;
  const has = (name: string): boolean => columns.includes(name);
  const guess = !has(names.history) && has(names.item) ? "events" : "rows";
  const layout = source.layout ?? guess;
  const needed =
    layout === "rows" ? [names.user, names.history] : [names.user, names.item, names.time];
  const missing = needed.filter((name) => !has(name));
  if (missing.length === 0) return layout;
  throw new DatasetError(
    "MISSING_COLUMN",
    `${source.path} has no column ${missing.map((name) => `"${name}"`).join(", ")}; it has ` +
      `${columns.map((name) => `"${name}"`).join(", ") || "none"}. Histories need ` +
      `(${names.user}, ${names.history}) or (${names.user}, ${names.item}, ${names.time}): ` +
      "name the file's own columns by the option `columns`.",
  );
}
