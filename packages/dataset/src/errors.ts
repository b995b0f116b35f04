import { readProblem, reasonOf, StoreError, writeProblem } from "@nightbeam/store";

/** Every way in which this package fails. Branch on the code; the message is for people. */
export type DatasetErrorCode =
  /** The named file or directory does not exist. */
  | "FILE_NOT_FOUND"
  /** The file exists but cannot be read as what it claims to be. */
  | "UNREADABLE"
  /** Neither the file name nor the content shows the format. */
  | "UNKNOWN_FORMAT"
  /** The file lacks a required column. */
  | "MISSING_COLUMN"
  /** A column has a type that does not fit its use. */
  | "COLUMN_TYPE"
  /** The filters of an import removed all events. */
  | "NOTHING_LEFT"
  /** An option's value is out of range or contradicts another. */
  | "BAD_OPTION"
  /** The file is not a valid catalogue; the cause is the CatalogueError, if there is one. */
  | "BAD_CATALOGUE"
  /** A recommendation cannot be written: its score is not finite, or a code is out of range. */
  | "BAD_RECOMMENDATION"
  /** The directory holds teacher data for another target, catalogue or scoring. */
  | "TEACHER_DIFFERS"
  /** Writing failed: the disk is full, or the directory is not writable. */
  | "WRITE_FAILED";

/** The one error class of this package. The message names the file and the remedy. */
export class DatasetError extends Error {
  override readonly name = "DatasetError";
  readonly code: DatasetErrorCode;

  constructor(code: DatasetErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * The DatasetError for a failure to read `path`. A DatasetError, or a StoreError, which also names its
 * file, is returned unchanged.
 */
export function readFailure(path: string, error: unknown): DatasetError | StoreError {
  if (error instanceof DatasetError || error instanceof StoreError) return error;
  const remedy =
    memoryRemedy(error) ?? "Check that the file is complete and in the format of its name.";
  const { code, message } = readProblem(path, { error, remedy });
  return new DatasetError(code, message, { cause: error });
}

/** The DatasetError for a failure to write `path`; exceptions as in `readFailure`. */
export function writeFailure(path: string, error: unknown): DatasetError | StoreError {
  if (error instanceof DatasetError || error instanceof StoreError) return error;
  const remedy = memoryRemedy(error);
  const { code, message } = writeProblem(
    path,
    remedy === undefined ? { error } : { error, remedy },
  );
  return new DatasetError(code, message, { cause: error });
}

/** Advice for when DuckDB ran out of memory, which it reports like any other failure. */
function memoryRemedy(error: unknown): string | undefined {
  if (!reasonOf(error).startsWith("Out of Memory")) return undefined;
  return "Set TMPDIR to a directory with more free space; from code, DuckDB's memoryLimit can be raised.";
}
