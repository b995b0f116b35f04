import { StoreError } from "@nightbeam/store";

/** Every way in which this package refuses; a caller branches on the code, a person reads the message. */
export type DatasetErrorCode =
  /** The named file or directory does not exist. */
  | "FILE_NOT_FOUND"
  /** The file exists but cannot be read as what it claims to be. */
  | "UNREADABLE"
  /** Neither the ending of the name nor the content tells the format. */
  | "UNKNOWN_FORMAT"
  /** A needed column is not in the file. */
  | "MISSING_COLUMN"
  /** A column has a type that cannot carry what is asked of it. */
  | "COLUMN_TYPE"
  /** An import's filters left no event. */
  | "NOTHING_LEFT"
  /** An option's value is out of range or contradicts another. */
  | "BAD_OPTION"
  /** The file is no usable catalogue; the cause is the CatalogueError, where there is one. */
  | "BAD_CATALOGUE"
  /** A recommendation cannot be written: a score that is not finite, a code out of range. */
  | "BAD_RECOMMENDATION"
  /** The directory holds teacher data of another target, catalogue or scoring. */
  | "TEACHER_DIFFERS"
  /** Writing failed: the disk is full, or the place is not writable. */
  | "WRITE_FAILED";

/** The one error of this package. The message names the place and the remedy. */
export class DatasetError extends Error {
  override readonly name = "DatasetError";
  readonly code: DatasetErrorCode;

  constructor(code: DatasetErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The first line of whatever was thrown, without its full stop: native libraries append listings. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split("\n", 1)[0] ?? text).replace(/\.$/, "");
}

/** The `code` of a file-system error ("ENOENT"), or undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Turns a failure to read `path` into a DatasetError; one that names its place passes unchanged. */
export function readFailure(path: string, error: unknown): DatasetError | StoreError {
  if (error instanceof DatasetError || error instanceof StoreError) return error;
  const code = systemCode(error);
  if (code === "ENOENT") {
    return new DatasetError("FILE_NOT_FOUND", `${path} does not exist. Check the path.`, {
      cause: error,
    });
  }
  const reason = reasonOf(error);
  return new DatasetError(
    "UNREADABLE",
    `${path} cannot be read: ${reason}. ${readRemedy(code, reason)}`,
    { cause: error },
  );
}

function readRemedy(code: string | undefined, reason: string): string {
  if (code === "EACCES") return "Grant this user the right to read it.";
  if (code === "EISDIR") return "It is a directory: name a file in it.";
  if (reason.startsWith("Out of Memory")) return MEMORY_REMEDY;
  return "Check that the file is whole and of the format that its name says, or name the format.";
}

const MEMORY_REMEDY = "Raise the engine's memoryLimit, or name a tempDirectory with more room.";

/** Turns a failure to write at `path` into a DatasetError; one that names its place passes unchanged. */
export function writeFailure(path: string, error: unknown): DatasetError | StoreError {
  if (error instanceof DatasetError || error instanceof StoreError) return error;
  const reason = reasonOf(error);
  return new DatasetError(
    "WRITE_FAILED",
    `${path} cannot be written: ${reason}. ${writeRemedy(systemCode(error), reason)}`,
    { cause: error },
  );
}

function writeRemedy(code: string | undefined, reason: string): string {
  if (code === "ENOSPC") return "Free space on that disk and start again: committed work is kept.";
  if (reason.startsWith("Out of Memory")) return MEMORY_REMEDY;
  return "Check that the directory exists, has room, and that this user may write there.";
}
