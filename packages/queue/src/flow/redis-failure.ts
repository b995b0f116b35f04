import { reasonOf } from "@nightbeam/service/log";
import { ReplyError } from "ioredis";
import { QueueError } from "../errors.js";

/**
 * The QueueError for a failure to store `what` ("the jobs of run x"): NOT_STORED if Redis refused, and
 * REDIS_UNREACHABLE if the outcome is not known. A QueueError is returned unchanged.
 */
export function storeFailure(what: string, error: unknown): QueueError {
  if (error instanceof QueueError) return error;
  const reason = reasonOf(error);
  if (isRefused(error)) {
    return new QueueError(
      "NOT_STORED",
      `Redis did not store ${what}: ${reason}. Check that it is a primary and not a ` +
        "read-only replica, and that it has free memory; then try again.",
      { cause: error },
    );
  }
  return new QueueError(
    "REDIS_UNREACHABLE",
    `The connection to Redis was lost while storing ${what}: ${reason}. Try again when ` +
      "it is back; jobs that exist are not added twice.",
    { cause: error },
  );
}

/** The QueueError for a failure to read `what`; a QueueError is returned unchanged. */
export function readFailure(what: string, error: unknown): QueueError {
  if (error instanceof QueueError) return error;
  const reason = reasonOf(error);
  return new QueueError(
    "REDIS_UNREACHABLE",
    `Redis did not return ${what}: ${reason}. Check that it runs, and try again.`,
    { cause: error },
  );
}

/** Whether Redis answered with an error, or a script of BullMQ with one of its error numbers. */
function isRefused(error: unknown): boolean {
  if (isRefusal(error)) return true;
  return error instanceof Error && "code" in error && typeof error.code === "number";
}

/** Whether Redis itself answered with an error: it is a replica, full, busy, or asks for a password. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ReplyError;
}
