import { DatasetError } from "@nightbeam/dataset";
import { JobsError } from "../errors.js";

/** Turns a failure at `place` into a JobsError; a JobsError passes unchanged. */
export function storeFailed(place: string, error: unknown): JobsError {
  if (error instanceof JobsError) return error;
  // It names the place and a remedy already.
  if (error instanceof DatasetError) {
    return new JobsError("STORE_FAILED", error.message, { cause: error });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new JobsError(
    "STORE_FAILED",
    `The store failed at ${place}: ${reason.replace(/\.?$/, ".")} ` +
      "What is committed is safe; the same is tried again.",
    { cause: error },
  );
}

/** The error for a file that must be there. */
export function storeGone(place: string): JobsError {
  return new JobsError(
    "STORE_DAMAGED",
    `${place} is gone, although a record names it. Restore it, or start the run in another place.`,
  );
}
