import type { VerifiedCall } from "../codec/answers.js";
import type { CallContent } from "../codec/decode-call.js";

/** A call as it reaches whoever runs the model: checked, see `decodeCall`. */
export interface ReceivedCall extends CallContent {
  /** Aborted when the caller cancelled or went away, when the deadline passed, or at the end of a drain. */
  readonly signal: AbortSignal;
  /** When the caller stops waiting. Epoch milliseconds of this machine. */
  readonly deadline: number;
}

/** What a verifier says of itself beyond its identity. */
export interface VerifierDescription {
  /** "fp32", "int8", …; for people. */
  readonly precision: string;
  readonly version: string;
  /** A pass of n rows takes about callMs + n * tokenMs; absent until measured. */
  readonly cost?: { readonly callMs: number; readonly tokenMs: number };
  readonly waitingTokens: number;
  readonly runningTokens: number;
}

/** Who answers the calls of a server. */
export interface VerifyHandler {
  /**
   * Answers one call. Calls run beside one another.
   *
   * @throws ProtocolError BUSY (with `retryAfterMs`), DRAINING, INVALID_CALL; whatever else it throws
   *   is INTERNAL to the caller
   */
  verify(call: ReceivedCall): Promise<VerifiedCall>;
  describe(): VerifierDescription;
}
