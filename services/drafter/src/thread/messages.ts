import type { VerifierEndpoint } from "@nightbeam/protocol";
import type { TlsBytes } from "@nightbeam/service";
import type { WrittenShard } from "../run-store.js";

/** What the decode thread is started with. */
export interface ThreadSetup {
  /** Where files are written before they go to the store. */
  readonly scratch: string;
  readonly shardsAtOnce: number;
  /** Batches of a shard under way; undefined: as many as the known verifiers make worthwhile. */
  readonly lanes: number | undefined;
  /** Threads of each draft model; undefined: one a core. */
  readonly workers: number | undefined;
  /** GiB of prompts that each of them keeps. */
  readonly promptCache: number;
  /** How verifiers are dialled; undefined: in plain text. */
  readonly tls: TlsBytes | undefined;
  /** The verifiers known so far; changes follow as messages. */
  readonly verifiers: readonly VerifierEndpoint[];
  /** A run's models are closed when no shard of it came for so long. */
  readonly idleMs: number;
  /** How long a call waits for a verifier before the shard is put back. */
  readonly patienceMs: number | undefined;
}

/** A shard to decode. */
export interface ShardOrder {
  readonly runId: string;
  /** The run's store: a directory or s3://bucket/prefix. */
  readonly location: string;
  readonly index: number;
  /** Input rows that the job says the shard has. */
  readonly rows: number;
  /** How often the job was begun, this time included. */
  readonly attempt: number;
  /** Epoch milliseconds after which no verifier is asked any more. */
  readonly deadline: number;
}

/** How far a shard is. */
export interface ShardProgress {
  /** Input rows that are settled. */
  readonly users: number;
  readonly searches: number;
  /** Calls of the target and nodes sent to it, summed over the searches. */
  readonly calls: number;
  readonly nodes: number;
}

/** Main thread to decode thread. */
export type ToThread =
  | { readonly kind: "decode"; readonly id: number; readonly order: ShardOrder }
  /** Stop the shard: no further call of a verifier, nothing more is written. */
  | { readonly kind: "abort"; readonly id: number }
  | { readonly kind: "verifiers"; readonly endpoints: readonly VerifierEndpoint[] }
  /** Free everything and end. */
  | { readonly kind: "close" };

/** Decode thread to main thread. */
export type FromThread =
  | { readonly kind: "progress"; readonly id: number; readonly progress: ShardProgress }
  /** The attempt's files are in the store; nobody sees them before they are committed. */
  | { readonly kind: "written"; readonly id: number; readonly written: WrittenShard }
  | { readonly kind: "failed"; readonly id: number; readonly failure: Failure }
  | {
      readonly kind: "log";
      readonly level: "debug" | "info" | "warn" | "error";
      readonly fields: object;
      readonly message: string;
    }
  | { readonly kind: "closed" };

/** An error as it crosses threads: classes do not survive the way. */
export interface Failure {
  /**
   * `fatal`: no other try can do better. `no-verifier`: nothing is wrong with the shard. `stopped`:
   * it was told to. `failed`: anything else, which another try may survive.
   */
  readonly kind: "failed" | "fatal" | "no-verifier" | "stopped";
  /** The error's own code, where it has one. */
  readonly code: string;
  readonly message: string;
}
