import type { ErrorCode } from "@nightbeam/client";

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
