import { ReplyError } from "ioredis";
import { QueueError } from "../errors.js";

/**
 * Turns a failure to store `what` ("the jobs of run x") into a QueueError: NOT_STORED where Redis refused, and
 * REDIS_UNREACHABLE where it is not known what became of it. A QueueError passes unchanged.
 */
export function storeFailure(what: string, error: unknown): QueueError {
  if (error instanceof QueueError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  if (isRefusal(error)) {
    return new QueueError(
      "NOT_STORED",
      `Redis did not store ${what}: ${reason}. Check that it is a primary and no ` +
        "read-only replica, and that it has memory left; then do the same again.",
      { cause: error },
    );
  }
  return new QueueError(
    "REDIS_UNREACHABLE",
    `Redis was lost while it stored ${what}: ${reason}. Do the same again when ` +
      "it is back; what is there already is not added twice.",
    { cause: error },
  );
}

/** Turns a failure to read `what` into a QueueError; a QueueError passes unchanged. */
export function readFailure(what: string, error: unknown): QueueError {
  if (error instanceof QueueError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new QueueError(
    "REDIS_UNREACHABLE",
    `Redis did not tell ${what}: ${reason}. Check that it runs, and ask again.`,
    { cause: error },
  );
}

/** Whether Redis itself answered with an error, or BullMQ's scripts with one of their numbers. */
function isRefusal(error: unknown): boolean {
  if (error instanceof ReplyError) return true;
  return error instanceof Error && "code" in error && typeof error.code === "number";
}
