import type { NodeFault, RedisHealth, RunJobs, ShardQueueFacts } from "@nightbeam/queue";

/** What is known about a run that does not move. Undefined: not known. */
export interface StallFacts {
  readonly phase: "planning" | "running";
  readonly redis: RedisHealth | undefined;
  readonly queue: ShardQueueFacts | undefined;
  /** The Redis key that has the settings of the queue of shards. */
  readonly queueKey: string;
  /** The missing shards by the state of their jobs. */
  readonly jobs: RunJobs["counts"] | undefined;
  /** Why shards failed that are tried again, the most frequent reason. */
  readonly failure: string | undefined;
  /** When the next delayed shard is tried again, ISO 8601. */
  readonly nextTryAt: string | undefined;
  /** The drafters that are announced over NATS. */
  readonly drafters: { readonly announced: number; readonly draining: number } | undefined;
  readonly faults: readonly NodeFault[];
  readonly runId: string;
  /** The output location of the run. */
  readonly location: string;
  /** Why no announced verifier can answer. */
  readonly unverified: string | undefined;
  readonly planning: PlanningFacts | undefined;
  /** Why the scheduler could not look at the run. */
  readonly error: string | undefined;
}

export interface PlanningFacts {
  /** Rows read so far. */
  readonly read: number | undefined;
  /** Why the last attempt failed. */
  readonly failure: string | undefined;
  /** Runs that are being planned since earlier. */
  readonly ahead: readonly string[];
}

export interface StallReason {
  readonly why: string;
  /** What to do, as a sentence. */
  readonly remedy: string;
}
