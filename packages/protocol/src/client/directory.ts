import type { Scoring } from "@nightbeam/decoding";
import type { Log } from "@nightbeam/service/log";

/** A verifier as it is known from outside. */
export interface VerifierEndpoint {
  readonly id: string;
  /** "host:port". */
  readonly address: string;
  /** SHA-256 of the target and content hash of the catalogue, in hex; absent if not known. */
  readonly target?: string;
  readonly catalogue?: string;
  readonly scoring?: Scoring;
  /** Rows that wait there, by its last heartbeat. */
  readonly waitingTokens?: number;
  /** A pass of n rows takes about callMs + n * tokenMs. */
  readonly cost?: { readonly callMs: number; readonly tokenMs: number };
  /** It finishes what it has and takes no more. */
  readonly draining: boolean;
}

/** Which verifiers there are. */
export interface VerifierDirectory {
  readonly endpoints: readonly VerifierEndpoint[];
  /** Calls `listener` after every change; what comes back ends that. */
  onChange(listener: () => void): () => void;
}

/** What a client writes to a log. */
export type ClientLog = Pick<Log, "info" | "warn">;
