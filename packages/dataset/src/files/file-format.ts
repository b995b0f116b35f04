import { DatasetError } from "../errors.js";

/** The format of a file. */
export type FileFormat = "jsonl" | "csv" | "parquet";

/** The format of a file with its details. */
export interface FileShape {
  readonly format: FileFormat;
  /** Compressed with gzip; text formats only. */
  readonly gzip: boolean;
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
 * .gz), .parquet .pq. Options of the caller take precedence.
 *
 * @throws DatasetError UNKNOWN_FORMAT if the extension is unknown and no format is given
 */
export function fileShape(options: {
  readonly path: string;
  readonly format?: FileFormat | undefined;
  readonly delimiter?: string | undefined;
}): FileShape {
  const name = options.path.toLowerCase();
  const gzip = name.endsWith(".gz");
  const ending = (gzip ? name.slice(0, -".gz".length) : name).split(".").at(-1) ?? "";
  const format = options.format ?? FORMATS_BY_ENDING[ending];
  if (format === undefined) {
    throw new DatasetError(
      "UNKNOWN_FORMAT",
      `${options.path}: its extension is not known. Name the file .jsonl, .csv or .parquet.`,
    );
  }
  const delimiter = options.delimiter ?? (ending === "tsv" ? "\t" : ",");
  if (delimiter.length !== 1 || delimiter === '"' || delimiter === "\n" || delimiter === "\r") {
    throw new DatasetError(
      "BAD_OPTION",
      `delimiter ${JSON.stringify(delimiter)} must be one character, neither a quote nor a line break.`,
    );
  }
  return { format, gzip, delimiter };
}
