import type { VerifiedCall } from "../codec/answers.js";
import type { CallContent } from "../codec/decode-call.js";

/** A call for the model: checked, see `decodeCall`. */
export interface ReceivedCall extends CallContent {
  /** Aborted if the client cancels or disconnects, when the deadline passes, or at the end of a drain. */
  readonly signal: AbortSignal;
  /** When the client stops waiting. Epoch milliseconds of this machine. */
  readonly deadline: number;
}

/** The description of a verifier, in addition to its identity. */
export interface VerifierDescription {
  /** "fp32", "int8", …; for display. */
  readonly precision: string;
  readonly version: string;
  /** A pass of n rows takes about callMs + n * tokenMs. Undefined until it is measured. */
  readonly cost?: { readonly callMs: number; readonly tokenMs: number };
  readonly waitingTokens: number;
  readonly runningTokens: number;
}

/** Answers the calls of a server. */
export interface VerifyHandler {
  /**
   * Answers one call. Several calls run at the same time.
   *
   * @throws ProtocolError BUSY (with `retryAfterMs`), DRAINING, INVALID_CALL; any other error is INTERNAL for the
   *   client
   */
  verify(call: ReceivedCall): Promise<VerifiedCall>;
  describe(): VerifierDescription;
}
