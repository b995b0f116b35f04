import type { ErrorCode } from "@nightbeam/client";
import { ProtocolError, type ProtocolErrorCode } from "@nightbeam/protocol";

/** The only error class of this package. `code` decides the status of the answer; the message has the remedy. */
export class ServerError extends Error {
  override readonly name = "ServerError";
  readonly code: ErrorCode;
  /** With REJECTED: `empty_history`, `unknown_item`, `prompt_too_long`, … */
  readonly reason: string | undefined;
  /** With BUSY: milliseconds after which to retry. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: ErrorOptions & { readonly reason?: string; readonly retryAfterMs?: number } = {},
  ) {
    super(message, options);
    this.code = code;
    this.reason = options.reason;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Errors of verifiers that are no fault of the server's own. */
const OF_VERIFIERS: Partial<Record<ProtocolErrorCode, ErrorCode>> = {
  NO_VERIFIER: "NO_VERIFIER",
  DEADLINE: "DEADLINE",
  CLOSED: "DRAINING",
};

/** An error as clients see it. Unexpected ones are not shown to them: they are the cause. */
export function serverErrorOf(error: unknown): ServerError {
  if (error instanceof ServerError) return error;
  if (error instanceof ProtocolError) {
    const code = OF_VERIFIERS[error.code];
    if (code !== undefined) return new ServerError(code, error.message, { cause: error });
  }
  return new ServerError("INTERNAL", "The server failed. See its log.", { cause: error });
}
