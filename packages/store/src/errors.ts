/** Every way in which this package refuses. Callers branch on the code; the message is for people. */
export type StoreErrorCode =
  /** The named file or directory does not exist. */
  | "FILE_NOT_FOUND"
  /** The file exists but cannot be read. */
  | "UNREADABLE"
  /** Writing failed: the disk is full, or the place is not writable. */
  | "WRITE_FAILED"
  /** A location is neither a directory nor s3://bucket/prefix. */
  | "BAD_LOCATION"
  /** A name could leave its store. */
  | "BAD_NAME"
  /** The store refused or failed; the cause says why. */
  | "STORE_FAILED"
  /** A file of the store is not what its name promises. */
  | "STORE_DAMAGED";

/** The one error of this package. The message names the place and the remedy. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The first line of whatever was thrown, without its full stop. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split("\n", 1)[0] ?? text).replace(/\.$/, "");
}

/** The `code` of a file-system error ("ENOENT"), or undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Turns a failure to read `path` into a StoreError; a StoreError passes unchanged. */
export function readFailure(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const code = systemCode(error);
  if (code === "ENOENT") {
    return new StoreError("FILE_NOT_FOUND", `${path} does not exist. Check the path.`, {
      cause: error,
    });
  }
  return new StoreError(
    "UNREADABLE",
    `${path} cannot be read: ${reasonOf(error)}. ${readRemedy(code)}`,
    {
      cause: error,
    },
  );
}

function readRemedy(code: string | undefined): string {
  if (code === "EACCES") return "Grant this user the right to read it.";
  if (code === "EISDIR") return "It is a directory: name a file in it.";
  return "Check that the file is complete.";
}

/** Turns a failure to write at `path` into a StoreError; a StoreError passes unchanged. */
export function writeFailure(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const remedy =
    systemCode(error) === "ENOSPC"
      ? "Free space on that disk and start again: committed work is kept."
      : "Check that the directory exists, has room, and that this user may write there.";
  return new StoreError(
    "WRITE_FAILED",
    `${path} cannot be written: ${reasonOf(error)}. ${remedy}`,
    {
      cause: error,
    },
  );
}
