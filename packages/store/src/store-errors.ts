import { StoreError, type StoreErrorCode } from "./errors.js";

/** Failures of the file system, which name the place and a remedy already. */
const FILE_FAILURES: ReadonlySet<StoreErrorCode> = new Set([
  "FILE_NOT_FOUND",
  "UNREADABLE",
  "WRITE_FAILED",
]);

/** Turns a failure at `place` into a StoreError STORE_FAILED; what is one already passes unchanged. */
export function storeFailed(place: string, error: unknown): StoreError {
  if (error instanceof StoreError) {
    if (!FILE_FAILURES.has(error.code)) return error;
    return new StoreError("STORE_FAILED", error.message, { cause: error });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new StoreError(
    "STORE_FAILED",
    `The store failed at ${place}: ${reason.replace(/\.?$/, ".")} ` +
      "What is committed is safe; the same is tried again.",
    { cause: error },
  );
}

/** The error for a file that must be there. */
export function storeGone(place: string): StoreError {
  return new StoreError(
    "STORE_DAMAGED",
    `${place} is gone, although a record names it. Restore it, or start the run in another place.`,
  );
}
