/** Every way in which this package refuses; a caller branches on the code, a person reads the message. */
export type ProtocolErrorCode =
  /** A request breaks a rule of the protocol or a limit of the verifier. Repeating it does not help. */
  | "INVALID_CALL"
  /** An answer does not fit its request. */
  | "BAD_ANSWER"
  /** The verifier holds another target, catalogue or scoring than the caller asks for. */
  | "WRONG_MODEL"
  /** The verifier has too much to do; `retryAfterMs` says when to come back. */
  | "BUSY"
  /** The verifier is going down. */
  | "DRAINING"
  /** The verifier failed, and so did a second one where there was a second try. */
  | "INTERNAL"
  /**
   * For longer than the client's patience no verifier could be asked. Nothing is wrong with the work:
   * put the job back rather than fail it.
   */
  | "NO_VERIFIER"
  /** The deadline has passed. */
  | "DEADLINE"
  /** The caller cancelled; the cause is the signal's reason. */
  | "CANCELLED"
  /** The client is closed. */
  | "CLOSED"
  /** An option is outside its range. */
  | "BAD_OPTION";

export interface ProtocolErrorOptions extends ErrorOptions {
  readonly retryAfterMs?: number | undefined;
}

/** The one error of this package. The message names the place and the remedy. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly code: ProtocolErrorCode;
  /** With BUSY: milliseconds after which to ask again. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ProtocolErrorCode, message: string, options?: ProtocolErrorOptions) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
  }
}
