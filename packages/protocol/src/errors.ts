/** Callers branch on the code; the message is for people. */
export type ProtocolErrorCode =
  /** A request violates the protocol or a limit of the verifier. A retry does not help. */
  | "INVALID_CALL"
  /** A response does not fit its request. */
  | "BAD_ANSWER"
  /** The verifier has another target, catalogue or scoring than the client asks for. */
  | "WRONG_MODEL"
  /** The queue of the verifier is full; `retryAfterMs` says when to retry. */
  | "BUSY"
  /** The verifier is shutting down. */
  | "DRAINING"
  /** The verifier failed, and so did the retry if there was one. */
  | "INTERNAL"
  /** Verifiers answered the same call differently; what one of them answered before may be wrong. */
  | "ANSWERS_DIFFER"
  /**
   * No verifier was available for longer than the client's patience. The work itself is fine: put the job back
   * instead of failing it.
   */
  | "NO_VERIFIER"
  /** The deadline has passed. */
  | "DEADLINE"
  /** The caller cancelled; the cause is the signal's reason. */
  | "CANCELLED"
  /** The client is closed. */
  | "CLOSED"
  /** An option is out of range. */
  | "BAD_OPTION";

export interface ProtocolErrorOptions extends ErrorOptions {
  readonly retryAfterMs?: number | undefined;
}

/** The only error class of this package. The message names the place and the remedy. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly code: ProtocolErrorCode;
  /** With BUSY: milliseconds after which to retry. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ProtocolErrorCode, message: string, options?: ProtocolErrorOptions) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
  }
}
