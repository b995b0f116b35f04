export type VerifierErrorCode =
  /** The queue is full; `retryAfterMs` says when to retry. */
  | "BUSY"
  /** The verifier is shutting down and takes no more calls. */
  | "DRAINING"
  /** The caller cancelled while the call was waiting. */
  | "CANCELLED"
  /** The call's deadline passed while it was waiting. */
  | "EXPIRED"
  /** The model thread died; another verifier can answer. */
  | "LANE_LOST";

/** The only error class of this package. Callers branch on `code`; the message names the place and the remedy. */
export class VerifierError extends Error {
  override readonly name = "VerifierError";
  readonly code: VerifierErrorCode;
  /** With BUSY: milliseconds after which to retry. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: VerifierErrorCode,
    message: string,
    options: ErrorOptions & { readonly retryAfterMs?: number } = {},
  ) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}
