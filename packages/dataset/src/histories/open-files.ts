import { excerpts } from "@nightbeam/catalogue";
import type { DuckDb } from "../duckdb/open-duckdb.js";
import { DatasetError } from "../errors.js";
import { endingOf } from "../files/file-format.js";
import type { InputFile } from "../files/input-files.js";
import { isParquet } from "../files/open-bytes.js";
import { parquetColumns } from "../files/parquet-columns.js";
import type { TextTable } from "../files/text-table.js";
import type { ColumnNames, HistoryLayout } from "./columns.js";
import { COLUMN_ROLES, findColumns } from "./columns.js";
import type { HistorySource } from "./history-source.js";
import { openHistoryText } from "./open-text.js";

/** A file of histories with checked columns. */
export interface HistoryFile {
  readonly path: string;
  readonly format: "Parquet" | "CSV" | "JSON";
  readonly layout: HistoryLayout;
  readonly names: ColumnNames;
  /** Not for JSON without a readable record: all rows of such a file are rejected. */
  readonly hasColumns: boolean;
  /** Values of the columns that are the names of directories. */
  readonly constants: Readonly<Record<string, string | null>>;
  /** Before the places of rows in messages: the name of the file, if there are several. */
  readonly prefix: string;
  /** The records of a text file; the columns and types of a Parquet file. */
  readonly content:
    | { readonly kind: "text"; readonly table: TextTable }
    | { readonly kind: "parquet"; readonly types: ReadonlyMap<string, string> };
}

/**
 * Opens the files of an input. All must be of one format and have the same columns.
 *
 * @throws DatasetError FILE_NOT_FOUND, UNREADABLE, UNKNOWN_FORMAT, MISSING_COLUMN, BAD_OPTION
 */
export async function openFiles(
  files: readonly InputFile[],
  source: HistorySource,
  duckdb: () => Promise<DuckDb>,
): Promise<readonly [HistoryFile, ...HistoryFile[]]> {
  const opened: HistoryFile[] = [];
  for (const file of files) {
    const prefix = files.length === 1 ? "" : `${file.name}, `;
    opened.push(await openFile({ ...file, prefix }, source, duckdb));
  }
  const known = opened.find(({ hasColumns }) => hasColumns) ?? opened[0];
  const [first, ...more] = opened.map((file) => {
    if (known === undefined || file === known) return file;
    if (!file.hasColumns) return { ...file, layout: known.layout, names: known.names };
    refuseOther(known, file);
    return file;
  });
  if (first !== undefined) return [first, ...more];
  throw new DatasetError("FILE_NOT_FOUND", "No file of histories is given. Name at least one.");
}

async function openFile(
  file: InputFile & { readonly prefix: string },
  source: HistorySource,
  duckdb: () => Promise<DuckDb>,
): Promise<HistoryFile> {
  const { path, partitions: constants, prefix } = file;
  const found = (columns: readonly string[]) => {
    const { columns: given, layout, texts = [] } = source;
    const all = [...columns, ...Object.keys(constants)];
    const partitions = Object.keys(constants);
    const named = findColumns({ path, columns, partitions, given, layout });
    requireTexts(path, { texts, columns: all, layout: named.layout });
    return { hasColumns: true, ...named };
  };
  if (await holdsParquet(path, source)) {
    const types = await parquetColumns((await duckdb()).connection, path);
    const named = { path, constants, prefix, ...found([...types.keys()]) };
    return { ...named, format: "Parquet", content: { kind: "parquet", types } };
  }
  const { maxLineBytes, delimiter, columns } = source;
  const format = source.format === "parquet" ? undefined : source.format;
  const { table, splits } = await openHistoryText({
    path,
    format,
    maxLineBytes,
    delimiter,
    columns,
  });
  const content = { kind: "text", table: withConstants(table, constants) } as const;
  const columnsOf = splits || table.columns.length > 0 ? found(table.columns) : unnamed(source);
  const named = { path, constants, prefix, ...columnsOf };
  return { ...named, format: splits ? "CSV" : "JSON", content };
}

async function holdsParquet(path: string, { format }: HistorySource): Promise<boolean> {
  if (format !== undefined) return format === "parquet";
  return /^(parquet|pq)$/.test(endingOf(path)) || (await isParquet(path));
}

/** The columns of a file that has no readable record. */
function unnamed({ columns = {}, layout = "rows" }: HistorySource) {
  const { user = "user", history = "history", item = "item", time = "time" } = columns;
  return { hasColumns: false, layout, names: { user, history, item, time } };
}

/** Adds the values of columns that the file itself does not have. */
export function withConstants(
  table: TextTable,
  constants: Readonly<Record<string, string | null>>,
): TextTable {
  if (Object.keys(constants).length === 0) return table;
  return {
    ...table,
    lines: () => table.lines(),
    parse: (line) => {
      const record = table.parse(line);
      return record.ok ? { ...record, values: { ...constants, ...record.values } } : record;
    },
  };
}

function requireTexts(
  path: string,
  file: {
    readonly texts: readonly string[];
    readonly columns: readonly string[];
    readonly layout: HistoryLayout;
  },
): void {
  const missing = file.texts.find((name) => !file.columns.includes(name));
  if (missing !== undefined) {
    const columns = excerpts(file.columns);
    throw new DatasetError(
      "MISSING_COLUMN",
      `${path} has no column "${missing}", which the prompt needs; it has ${columns}. Add the column.`,
    );
  }
  if (file.texts.length === 0 || file.layout === "rows") return;
  throw new DatasetError(
    "MISSING_COLUMN",
    `${path} has events, so there is no row per user that could have the text "${file.texts[0]}". ` +
      "Write a row per user, with the history as a list.",
  );
}

function refuseOther(first: HistoryFile, other: HistoryFile): void {
  if (first.format !== other.format) {
    throw new DatasetError(
      "UNKNOWN_FORMAT",
      `${other.path} is ${other.format}, but ${first.path} is ${first.format}. Give files of one format, ` +
        "for example by a pattern such as DIR/*.parquet.",
    );
  }
  const differing = COLUMN_ROLES.find((role) => first.names[role] !== other.names[role]);
  if (differing === undefined && first.layout === other.layout) return;
  const role = differing ?? "history";
  const described = (file: HistoryFile): string =>
    file.layout === first.layout ? `the ${role} in "${file.names[role]}"` : file.layout;
  throw new DatasetError(
    "MISSING_COLUMN",
    `${other.path} has ${described(other)}, but ${first.path} has ${described(first)}. ` +
      "Give files with the same columns.",
  );
}
