import type { DuckDbOptions } from "../duckdb/open-duckdb.js";
import { DatasetError } from "../errors.js";
import type { FileFormat } from "../files/file-format.js";

/**
 * What a row of the file holds: `rows`, a user with the complete history; `events`, an interaction of a
 * user with an item at a time.
 */
export type HistoryLayout = "rows" | "events";

/** The names of the columns, if they differ from the names of these fields. */
export interface HistoryColumns {
  readonly user?: string | undefined;
  readonly history?: string | undefined;
  readonly item?: string | undefined;
  readonly time?: string | undefined;
}

/** A file of histories, and how to read it. */
export interface HistorySource {
  readonly path: string;
  /** Default: by the extension of the path. */
  readonly format?: FileFormat;
  /** Default: by the columns of the file; `rows` if both are possible. */
  readonly layout?: HistoryLayout;
  readonly columns?: HistoryColumns;
  /** The separator of the items of a history that is a text (CSV, or a text column). Default: a space. */
  readonly itemSeparator?: string;
  /** The separator of the fields of a CSV line. Default: a comma; for .tsv, a tab. */
  readonly delimiter?: string;
  /** Maximum length of a line in bytes; longer ones are rejected. Default: 64 MiB. */
  readonly maxLineBytes?: number;
  readonly duckdb?: DuckDbOptions;
}

/** The names of all columns. */
export type ColumnNames = Required<{ [K in keyof HistoryColumns]-?: string }>;

/** Adds the default names. */
export function columnNames(columns: HistoryColumns = {}): ColumnNames {
  return {
    user: columns.user ?? "user",
    history: columns.history ?? "history",
    item: columns.item ?? "item",
    time: columns.time ?? "time",
  };
}

/** Determines the layout, and checks that its columns exist. @throws DatasetError MISSING_COLUMN */
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
      "name the columns of the file in the option `columns`.",
  );
}
