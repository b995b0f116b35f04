import type { ScoreRequest, Scorer, Searcher, SearchRequest } from "@nightbeam/decoding";
import type { CostLine } from "@nightbeam/recommend";
import type { Clock } from "@nightbeam/service";
import type { BatcherLimits, Pass, PassWork } from "../batching/micro-batcher.js";
import type { VerifierError } from "../errors.js";
import type { AdmissionLimits } from "./admission.js";
import type { KeyTableLimits } from "./key-table.js";

/** A thread of a model, as a lane sees it. */
export interface LaneWorker<Request, Answer> {
  /** Whether it takes calls. */
  readonly isOpen: boolean;
  run(work: PassWork<Request>): Promise<readonly Answer[]>;
  /** Drops what is kept under these keys. */
  release(keys: readonly number[]): void;
}

/** What decides about a client's call, whatever it asks for. Times are the clock's milliseconds. */
interface Received {
  /** The client's connection: connections take turns. */
  readonly peer: string;
  readonly deadline: number;
  readonly signal: AbortSignal;
  /** The span that answers it, if it is traced. */
  readonly traceparent?: string | undefined;
}

/** A client's tree call as received. */
export interface IncomingCall extends Received {
  /** Names the key space. */
  readonly client: string;
  readonly requests: readonly ScoreRequest[];
  /** Keys of this client that may be forgotten. */
  readonly released: readonly number[];
}

/** A client's call for whole searches as received. Keys are different within the call only. */
export interface IncomingSearch extends Received {
  readonly requests: readonly SearchRequest[];
  readonly beamWidth: number;
}

/** What lanes of all programs need. */
export interface LaneOptions<Request> {
  readonly limits: BatcherLimits & AdmissionLimits;
  readonly clock: Clock;
  /** Current cost of a pass, to estimate when there will be room. */
  readonly costLine: () => CostLine;
  /** Called after every pass that succeeded. */
  readonly onPass: (pass: Pass & { readonly lane: number }) => void;
  /** A request that the model has answered: it distinguishes a bad request from a broken model. */
  readonly probe: PassWork<Request>;
  /** Called once for each lane that is lost. */
  readonly onLost: (error: VerifierError) => void;
}

export interface LaneLimits extends BatcherLimits, AdmissionLimits, KeyTableLimits {}

/** Options of the lanes of tree calls. */
export interface LanesOptions extends LaneOptions<ScoreRequest> {
  readonly workers: readonly (Scorer & { readonly isOpen: boolean })[];
  readonly limits: LaneLimits;
  /** Whether workers keep prompts between calls. */
  readonly keepsPrompts: boolean;
}

/** Options of the lanes of whole searches. */
export interface SearchLanesOptions extends LaneOptions<SearchRequest> {
  readonly workers: readonly (Searcher & { readonly isOpen: boolean })[];
  /** Nodes of a search, at most. */
  readonly nodesOf: (beamWidth: number) => number;
}

/** The lanes of one program, as the verifier's service sees them. */
export interface ProgramLanes {
  /** Rows of the calls that wait. */
  readonly waitingTokens: number;
  /** Rows of the running passes. */
  readonly runningTokens: number;
  /** Checks that all threads are alive, and forgets idle clients. Call it periodically. */
  runMaintenance(): void;
  /** Drops waiting calls and refuses new ones. */
  close(refusal: VerifierError): void;
}
