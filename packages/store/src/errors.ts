/** Every way in which this package fails. Branch on the code; the message is for people. */
export type StoreErrorCode =
  /** The named file or directory does not exist. */
  | "FILE_NOT_FOUND"
  /** The file exists but cannot be read. */
  | "UNREADABLE"
  /** Writing failed: the disk is full, or the directory is not writable. */
  | "WRITE_FAILED"
  /** A location is neither a directory nor s3://bucket/prefix. */
  | "BAD_LOCATION"
  /** A name could point outside its store. */
  | "BAD_NAME"
  /** The store refused or failed; the cause says why. Trying again later may help. */
  | "STORE_FAILED"
  /** A file of the store is missing or does not hold what its name promises. */
  | "STORE_DAMAGED";

/** The one error class of this package. The message names the file and the remedy. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The first line of an error's message, without its full stop. Native libraries append listings. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split("\n", 1)[0] ?? text).replace(/\.$/, "");
}

/** The `code` of a file-system error ("ENOENT"), or undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** What is wrong with a file, for the error class of the package that read or wrote it. */
export interface FileProblem<Code extends StoreErrorCode> {
  readonly code: Code;
  readonly message: string;
}

/** Describes a failure to read `path`. `remedy` replaces the default advice for a damaged file. */
export function readProblem(
  path: string,
  { error, remedy = "Check that the file is complete." }: { error: unknown; remedy?: string },
): FileProblem<"FILE_NOT_FOUND" | "UNREADABLE"> {
  const code = systemCode(error);
  if (code === "ENOENT") {
    return { code: "FILE_NOT_FOUND", message: `${path} does not exist. Check the path.` };
  }
  const advice = (code === undefined ? undefined : READ_REMEDIES[code]) ?? remedy;
  return { code: "UNREADABLE", message: `${path} cannot be read: ${reasonOf(error)}. ${advice}` };
}

const READ_REMEDIES: Readonly<Record<string, string>> = {
  EACCES: "Grant this user the right to read it.",
  EISDIR: "It is a directory: name a file in it.",
};

/** Describes a failure to write `path`. `remedy` replaces the default advice. */
export function writeProblem(
  path: string,
  {
    error,
    remedy = "Check that the directory exists, has room, and that this user may write there.",
  }: { error: unknown; remedy?: string },
): FileProblem<"WRITE_FAILED"> {
  const advice =
    systemCode(error) === "ENOSPC"
      ? "Free space on that disk and start again: committed work is kept."
      : remedy;
  return {
    code: "WRITE_FAILED",
    message: `${path} cannot be written: ${reasonOf(error)}. ${advice}`,
  };
}

/** The StoreError for a failure to read `path`; a StoreError is returned unchanged. */
export function readFailure(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { code, message } = readProblem(path, { error });
  return new StoreError(code, message, { cause: error });
}

/** The StoreError for a failure to write `path`; a StoreError is returned unchanged. */
export function writeFailure(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { code, message } = writeProblem(path, { error });
  return new StoreError(code, message, { cause: error });
}

/** Failures of the file system. Their messages already name the file and a remedy. */
const FILE_FAILURES: ReadonlySet<StoreErrorCode> = new Set([
  "FILE_NOT_FOUND",
  "UNREADABLE",
  "WRITE_FAILED",
]);

/**
 * The StoreError STORE_FAILED for a failure of a store at `place`. A StoreError that is not about the
 * file system is returned unchanged.
 */
export function storeFailed(place: string, error: unknown): StoreError {
  if (error instanceof StoreError) {
    if (!FILE_FAILURES.has(error.code)) return error;
    return new StoreError("STORE_FAILED", error.message, { cause: error });
  }
  return new StoreError(
    "STORE_FAILED",
    `The store failed at ${place}: ${reasonOf(error)}. ` +
      "Committed work is safe; the operation is retried.",
    { cause: error },
  );
}

/** The StoreError STORE_DAMAGED for a file that a record names and that is missing. */
export function storeGone(place: string): StoreError {
  return new StoreError(
    "STORE_DAMAGED",
    `${place} is missing, although a record names it. Restore it, or start the run in another place.`,
  );
}
