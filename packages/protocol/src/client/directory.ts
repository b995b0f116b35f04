import type { Scoring } from "@nightbeam/decoding";
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
  /** A pass of n rows takes about callMs + n * tokenMs. */
  readonly cost?: { readonly callMs: number; readonly tokenMs: number };
  /** It finishes its calls and takes no new ones. */
  readonly draining: boolean;
}

/** The list of verifiers. */
export interface VerifierDirectory {
  readonly endpoints: readonly VerifierEndpoint[];
  /** Calls the listener after every change. @returns what removes it */
  onChange(listener: () => void): () => void;
}

/** What a client writes to a log. */
export type ClientLog = Pick<Log, "info" | "warn">;
