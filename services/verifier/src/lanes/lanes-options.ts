import type { ScoreRequest, Scorer } from "@nightbeam/decoding";
import type { Clock } from "@nightbeam/service";
import type { BatcherLimits, Pass } from "../batching/micro-batcher.js";
import type { CostLine } from "../cost/fit-line.js";
import type { VerifierError } from "../errors.js";
import type { KeyTableLimits } from "./key-table.js";

/** A model's worker thread, as a lane sees it. */
export interface LaneWorker extends Scorer {
  /** Whether it takes calls. */
  readonly isOpen: boolean;
}

/** A client's call as received. Times are the clock's milliseconds. */
export interface IncomingCall {
  /** Names the key space. */
  readonly client: string;
  readonly requests: readonly ScoreRequest[];
  /** Keys of this client that may be forgotten. */
  readonly released: readonly number[];
  readonly deadline: number;
  readonly signal: AbortSignal;
}

export interface LaneLimits extends BatcherLimits, KeyTableLimits {
  /** Waiting rows, over all lanes, from which calls are refused with BUSY. */
  readonly maxWaitingTokens: number;
  /** Calls that may wait or run, over all lanes. */
  readonly maxCalls: number;
}

export interface LanesOptions {
  readonly workers: readonly LaneWorker[];
  readonly limits: LaneLimits;
  readonly clock: Clock;
  /** Current cost of a pass, to estimate when there will be room. */
  readonly costLine: () => CostLine;
  /** Called after every pass that succeeded. */
  readonly onPass: (pass: Pass & { readonly lane: number }) => void;
  /** Whether workers keep prompts between calls. */
  readonly keepsPrompts: boolean;
  /** A request that the model has answered: it distinguishes a bad request from a broken model. */
  readonly probe: readonly ScoreRequest[];
  /** Called once for each lane that is lost. */
  readonly onLost: (error: VerifierError) => void;
}
