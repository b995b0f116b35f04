export type VerifierErrorCode =
  /** Too much is waiting for the model; `retryAfterMs` says when to come again. */
  | "BUSY"
  /** The verifier takes no more calls: it is about to stop. */
  | "DRAINING"
  /** Whoever asked gave up while the call was waiting. */
  | "CANCELLED"
  /** The call's deadline passed while it was waiting. */
  | "EXPIRED"
  /** The thread with the model died; another verifier can answer. */
  | "LANE_LOST";

/** The one error of this package. Recognise it by `code`; the message names the place and the remedy. */
export class VerifierError extends Error {
  override readonly name = "VerifierError";
  readonly code: VerifierErrorCode;
  /** With BUSY: milliseconds until there is likely to be room. */
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
