import type { Distrust, VerifierEndpoint } from "@nightbeam/protocol";
import type { TlsBytes } from "@nightbeam/service";
import type { Recorded } from "@nightbeam/telemetry";
import type { WrittenShard } from "../run-store.js";
import type { Blame } from "../standing/blame.js";

/** The settings of the decode thread. */
export interface ThreadSetup {
  /** Directory for files before they are uploaded to the store. */
  readonly scratch: string;
  readonly shardsAtOnce: number;
  /** Batches per shard in progress. Undefined: depends on the number of known verifiers. */
  readonly batchesInFlight: number | undefined;
  /** Threads per draft model. Undefined: one per core. */
  readonly workers: number | undefined;
  /** GiB of prompts that each thread keeps. */
  readonly promptCache: number;
  /** Certificates for calls. Undefined: plain text. */
  readonly tls: TlsBytes | undefined;
  /** The verifiers known so far; changes follow as messages. */
  readonly verifiers: readonly VerifierEndpoint[];
  /** Time without a shard after which the models of a run are closed. */
  readonly idleMs: number;
  /** How long a call waits for a verifier before its shard is put back. Undefined: the client's default. */
  readonly patienceMs: number | undefined;
  /** Share of the answered calls that are asked again of a second verifier, 0 to 1. */
  readonly auditRate: number;
  /** Whether the main thread wants to know what is counted and measured. */
  readonly records: boolean;
  /** What traces name this process. */
  readonly node: { readonly name: string; readonly version: string };
}

/** A shard to decode. */
export interface ShardOrder {
  readonly runId: string;
  /** The run's store: a directory or s3://bucket/prefix. */
  readonly location: string;
  readonly index: number;
  /** Input rows of the shard, as its job says. */
  readonly rows: number;
  /** How often the job was started, including this time. */
  readonly attempt: number;
  /** Epoch milliseconds after which no verifier is called. */
  readonly deadline: number;
  /** The span that the work belongs to, if it is traced. */
  readonly traceparent: string | undefined;
}

/** The progress of a shard. */
export interface ShardProgress {
  /** Input rows that are finished. */
  readonly users: number;
  readonly searches: number;
  /** Calls of the target and nodes sent to it, summed over the searches. */
  readonly calls: number;
  readonly nodes: number;
}

/** Main thread to decode thread. */
export type ToThread =
  | { readonly kind: "decode"; readonly id: number; readonly order: ShardOrder }
  /** Stop the shard: no more calls, no more files. */
  | { readonly kind: "abort"; readonly id: number }
  | { readonly kind: "verifiers"; readonly endpoints: readonly VerifierEndpoint[] }
  /** Free everything and end. */
  | { readonly kind: "close" };

/** Decode thread to main thread. */
export type FromThread =
  | { readonly kind: "progress"; readonly id: number; readonly progress: ShardProgress }
  /** The files of the attempt are in the store. Readers ignore them until they are committed. */
  | { readonly kind: "written"; readonly id: number; readonly written: WrittenShard }
  /** A verifier is not asked for a while, because of what it answered. */
  | { readonly kind: "distrust"; readonly distrust: Distrust }
  /** The lists are computed, and the thread waits for the store to write them. */
  | { readonly kind: "waiting"; readonly id: number; readonly reason: string }
  /** What was counted and measured since the last such message. */
  | { readonly kind: "recorded"; readonly recorded: Recorded }
  | { readonly kind: "failed"; readonly id: number; readonly failure: Failure }
  | {
      readonly kind: "log";
      readonly level: "debug" | "info" | "warn" | "error";
      readonly fields: object;
      readonly message: string;
    }
  | { readonly kind: "closed" };

/** An error as it is sent between threads, which do not share classes. */
export interface Failure {
  /** What is at fault; `stopped`: nothing, the drafter stopped the shard. */
  readonly blame: Blame | "stopped";
  /** The code of the error, or UNKNOWN. */
  readonly code: string;
  readonly message: string;
}
