import type { Scoring, TargetProgram } from "@nightbeam/decoding";
import type { Log } from "@nightbeam/service/log";

/** What the directory knows about a verifier. */
export interface VerifierEndpoint {
  readonly id: string;
  /** "host:port". */
  readonly address: string;
  /** SHA-256 of the target and content hash of the catalogue, in hex; absent if not known. */
  readonly target?: string;
  readonly catalogue?: string;
  readonly scoring?: Scoring;
  /** Waiting rows, as of its last heartbeat. */
  readonly waitingTokens?: number;
  /** A pass of n rows of a tree call takes about callMs + n * tokenMs. */
  readonly cost?: EndpointCost;
  /** What it runs its target for. Absent while not known; a verifier whose target is known runs tree calls then. */
  readonly programs?: readonly { readonly program: TargetProgram; readonly cost?: EndpointCost }[];
  /** It finishes its calls and takes no new ones. */
  readonly draining: boolean;
}

interface EndpointCost {
  readonly callMs: number;
  readonly tokenMs: number;
}

/** The list of verifiers. */
export interface VerifierDirectory {
  readonly endpoints: readonly VerifierEndpoint[];
  /** Calls the listener after every change. @returns what removes it */
  onChange(listener: () => void): () => void;
}

/** What a client writes to a log. */
export type ClientLog = Pick<Log, "info" | "warn">;
