import { Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { reasonOf } from "@nightbeam/service/log";
import { ProtocolError, type ProtocolErrorCode } from "../errors.js";
import { retryAfter } from "../metadata.js";

const STATUS: Readonly<Record<ProtocolErrorCode, status>> = {
  INVALID_CALL: status.INVALID_ARGUMENT,
  WRONG_MODEL: status.FAILED_PRECONDITION,
  BUSY: status.RESOURCE_EXHAUSTED,
  DRAINING: status.UNAVAILABLE,
  ANSWERS_DIFFER: status.UNAVAILABLE,
  NO_VERIFIER: status.UNAVAILABLE,
  CLOSED: status.UNAVAILABLE,
  DEADLINE: status.DEADLINE_EXCEEDED,
  CANCELLED: status.CANCELLED,
  BAD_ANSWER: status.INTERNAL,
  BAD_OPTION: status.INTERNAL,
  INTERNAL: status.INTERNAL,
};

/** The default of `retryAfterMs`. */
const RETRY_AFTER_MS = 100;

/** Converts an error to a gRPC status. */
export function statusOf(error: unknown): StatusObject {
  if (!(error instanceof ProtocolError)) {
    return {
      code: status.INTERNAL,
      details: `the verifier failed: ${reasonOf(error)}`,
      metadata: new Metadata(),
    };
  }
  const metadata =
    error.code === "BUSY" ? retryAfter(error.retryAfterMs ?? RETRY_AFTER_MS) : new Metadata();
  return { code: STATUS[error.code], details: error.message, metadata };
}
