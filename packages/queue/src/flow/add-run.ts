import type { RunRef, ShardRef } from "./apply.js";
import { changeRun, type RunChange } from "./change-run.js";
import type { JobQueues } from "./queues.js";

export interface AddRunOptions extends RunRef {
  /** The shards that are not committed yet; at most 20,000. */
  readonly shards: readonly ShardRef[];
}

/**
 * Adds the jobs of a run: a `shard` job each and a `finish` job that starts when all have ended,
 * whether well or badly. Jobs that exist are left as they are, so adding twice changes nothing.
 * Afterwards the jobs are read back.
 *
 * @throws QueueError NOT_STORED, REDIS_UNREACHABLE, BAD_JOB
 */
export function addRun(queues: JobQueues, options: AddRunOptions): Promise<RunChange> {
  return changeRun(queues, { ...options, anew: { completed: false, failed: false } });
}

export interface RepairRunOptions extends RunRef {
  /** The shards of the plan that are not committed; none where only the manifest is missing. */
  readonly missing: readonly ShardRef[];
  /** Also tries shards again whose jobs failed for good, and a finish job that did. */
  readonly retryFailed?: boolean;
}

/**
 * Brings the jobs of a run without a manifest in line with what is not committed, from whatever
 * Redis still holds: shards without a job, or whose job ended well without a commit, get one again;
 * running ones are left alone; failed ones are poison and stay, unless `retryFailed`. A finish job
 * that is gone, or ended before the run did, is made anew.
 *
 * A shard that is committed between the listing of the commits and this call gets a job for
 * nothing: the worker finds the commit and is done.
 *
 * @throws QueueError NOT_STORED, REDIS_UNREACHABLE, BAD_JOB
 */
export function repairRun(queues: JobQueues, options: RepairRunOptions): Promise<RunChange> {
  const { runId, location, missing, retryFailed = false } = options;
  const anew = { completed: true, failed: retryFailed };
  return changeRun(queues, { runId, location, shards: missing, anew });
}
