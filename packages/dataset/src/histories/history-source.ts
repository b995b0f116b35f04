import type { DuckDbOptions } from "../duckdb/open-duckdb.js";
import type { FileFormat } from "../files/file-format.js";
import type { InputPaths } from "../files/input-files.js";
import type { HistoryColumns, HistoryLayout } from "./columns.js";

/** Which row of a user counts, if there are several: `keep` keeps all, `reject` none. */
export type DuplicateUsers = "last" | "first" | "reject" | "keep";

/** Files of histories, and how to read them. */
export interface HistorySource {
  /** See `inputFiles` for directories, patterns and the order of files. */
  readonly path: InputPaths;
  /** Default: by the extension of the path, and by the first bytes. */
  readonly format?: FileFormat;
  /** Default: by the columns of the file; `rows` if both are possible. */
  readonly layout?: HistoryLayout;
  readonly columns?: HistoryColumns | undefined;
  /**
   * The separator of the items of a history that is a text (CSV, or a text column). Default: a comma, a
   * bar or a semicolon if it occurs between plain words in the first rows; else white space.
   */
  readonly itemSeparator?: string;
  /** The separator of the fields of a CSV line. Default: the one that fits the header. */
  readonly delimiter?: string;
  /** Maximum length of a line in bytes; longer ones are rejected. Default: 64 MiB. */
  readonly maxLineBytes?: number;
  /** Further columns to read as texts, by name. Only for rows, as events have no row per user. */
  readonly texts?: readonly string[];
  /** Default: keep. Others cost a pass over all rows; DuckDB compares the users and spills to disk. */
  readonly duplicateUsers?: DuplicateUsers;
  readonly duckdb?: DuckDbOptions | undefined;
}
