import { DatasetError } from "../errors.js";

/** The format of a file. */
export type FileFormat = "jsonl" | "csv" | "parquet";

/** The format of a file with its details. */
export interface FileShape {
  readonly format: FileFormat;
  /** The separator of the fields of a CSV line. */
  readonly delimiter: string;
}

const FORMATS_BY_ENDING: Readonly<Record<string, FileFormat>> = {
  jsonl: "jsonl",
  ndjson: "jsonl",
  csv: "csv",
  tsv: "csv",
  parquet: "parquet",
  pq: "parquet",
};

/**
 * Derives the format of a file from the extension of its name: .jsonl .ndjson .csv .tsv (each also with
 * .gz or .zst), .parquet .pq. Options of the caller take precedence.
 *
 * @throws DatasetError UNKNOWN_FORMAT if the extension is unknown and no format is given
 */
export function fileShape(options: {
  readonly path: string;
  readonly format?: FileFormat | undefined;
  readonly delimiter?: string | undefined;
}): FileShape {
  const ending = endingOf(options.path);
  const format = options.format ?? FORMATS_BY_ENDING[ending];
  if (format === undefined) throw unknownEnding(options.path);
  const delimiter = options.delimiter ?? (ending === "tsv" ? "\t" : ",");
  return { format, delimiter: checkedDelimiter(delimiter) };
}

/** The extension of a name in lower case, without that of a compression; empty if there is none. */
export function endingOf(path: string): string {
  const name = path.split(/[\\/]/).at(-1)?.toLowerCase() ?? "";
  return /\.([^.]+)$/.exec(name.replace(/\.(gz|gzip|zst|zstd)$/, ""))?.[1] ?? "";
}

/** @throws DatasetError BAD_OPTION */
export function checkedDelimiter(delimiter: string): string {
  if (delimiter !== "" && !/["\n\r]/.test(delimiter)) return delimiter;
  throw new DatasetError(
    "BAD_OPTION",
    `delimiter ${JSON.stringify(delimiter)} must be a text without quotes and line breaks.`,
  );
}

export function unknownEnding(path: string): DatasetError {
  return new DatasetError(
    "UNKNOWN_FORMAT",
    `${path}: its extension is not known. Name the file .jsonl, .csv or .parquet; in a directory, ` +
      "leave it out with a pattern such as DIR/*.csv.",
  );
}
