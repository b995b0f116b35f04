import type { TargetProgram } from "@nightbeam/decoding";
import type { VerifiedCall } from "../codec/answers.js";
import type { CallContent } from "../codec/decode-call.js";
import type { SearchContent } from "../codec/decode-search.js";
import type { SearchedCall } from "../codec/search-answers.js";

/** The client of a call in progress. */
export interface ReceivedBy {
  /** Its connection: host and port. */
  readonly peer: string;
  /** Aborted if the client cancels or disconnects, when the deadline passes, or at the end of a drain. */
  readonly signal: AbortSignal;
  /** When the client stops waiting. Epoch milliseconds of this machine. */
  readonly deadline: number;
  /** The span of the client, if it traces the call. */
  readonly traceparent?: string | undefined;
}

/** A call for the model: checked, see `decodeCall`. */
export type ReceivedCall = CallContent & ReceivedBy;

/** A call for whole searches: checked, see `decodeSearch`. */
export type ReceivedSearch = SearchContent & ReceivedBy;

/** A pass of n rows takes about callMs + n * tokenMs. */
export interface MeasuredCost {
  readonly callMs: number;
  readonly tokenMs: number;
}

/** A program that a verifier runs. */
export interface ProgramStatus {
  readonly program: TargetProgram;
  /** Rows of a whole search are the tokens of its answer. Undefined until it is measured. */
  readonly cost?: MeasuredCost;
}

/** The description of a verifier, in addition to its identity. */
export interface VerifierDescription {
  /** "fp32", "int8", …; for display. */
  readonly precision: string;
  readonly version: string;
  /** What it runs; calls for other programs are refused. */
  readonly programs: readonly ProgramStatus[];
  readonly waitingTokens: number;
  readonly runningTokens: number;
}

/** Answers the calls of a server. */
export interface VerifyHandler {
  /**
   * Answers one tree call. Several calls run at the same time.
   *
   * @throws ProtocolError BUSY (with `retryAfterMs`), DRAINING, INVALID_CALL; any other error is INTERNAL for the
   *   client
   */
  verify(call: ReceivedCall): Promise<VerifiedCall>;
  /** Runs the whole searches of a call. Called for programs of `describe` alone. @throws as `verify` */
  search(call: ReceivedSearch): Promise<SearchedCall>;
  describe(): VerifierDescription;
}
