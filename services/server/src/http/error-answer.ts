import { ERROR_STATUS, type ErrorAnswer } from "@nightbeam/client";
import { ProtocolError, type ProtocolErrorCode } from "@nightbeam/protocol";
import { ServerError } from "../errors.js";

/** Errors of verifiers that are no fault of the server's own. */
const OF_VERIFIERS: Partial<Record<ProtocolErrorCode, "NO_VERIFIER" | "DEADLINE" | "DRAINING">> = {
  NO_VERIFIER: "NO_VERIFIER",
  DEADLINE: "DEADLINE",
  CLOSED: "DRAINING",
};

/** An error as clients see it. Unexpected ones are not shown to them. */
export function serverErrorOf(error: unknown): ServerError {
  if (error instanceof ServerError) return error;
  const code = error instanceof ProtocolError ? OF_VERIFIERS[error.code] : undefined;
  if (code !== undefined && error instanceof Error) {
    return new ServerError(code, error.message, { cause: error });
  }
  return new ServerError("INTERNAL", "The server failed. See its log.", { cause: error });
}

/** The response to an error. */
export function errorResponse({ code, message, reason, retryAfterMs }: ServerError): Response {
  const body: ErrorAnswer = {
    ...{ code, message },
    ...(reason === undefined ? {} : { reason }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  return Response.json(body, {
    status: ERROR_STATUS[code],
    // In whole seconds, by the standard; `retryAfterMs` says it exactly.
    headers:
      retryAfterMs === undefined ? {} : { "retry-after": String(Math.ceil(retryAfterMs / 1e3)) },
  });
}
