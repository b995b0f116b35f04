import type { RunRef, ShardRef } from "./apply.js";
import { changeRun, type RunChange } from "./change-run.js";
import type { JobQueues } from "./queues.js";

export interface AddRunOptions extends RunRef {
  /** The shards that are not committed; at most `MAX_SHARDS`. */
  readonly shards: readonly ShardRef[];
}

/**
 * Adds the jobs of a run: one `shard` job per shard, and a `finish` job that starts when all of them
 * have completed or failed. Existing jobs are left alone, so adding twice changes nothing. Afterwards
 * the jobs are read back, to be sure.
 *
 * @throws QueueError NOT_STORED, REDIS_UNREACHABLE, BAD_JOB
 */
export function addRun(queues: JobQueues, options: AddRunOptions): Promise<RunChange> {
  return changeRun(queues, { ...options, recreate: { completed: false, failed: false } });
}

export interface RepairRunOptions extends RunRef {
  /** The shards of the plan that are not committed; empty if only the manifest is missing. */
  readonly missing: readonly ShardRef[];
  /** Whether to retry jobs that failed permanently. Default: false. */
  readonly retryFailed?: boolean;
}

/**
 * Makes the jobs of a run without a manifest match its uncommitted shards, whatever Redis still holds.
 * Shards without a job, or whose job completed without a commit, get a new one; active jobs are left
 * alone; jobs that failed permanently stay, unless `retryFailed`. A finish job that is missing, or ended
 * too early, is recreated.
 *
 * A shard that is committed between the listing of the commits and this call gets a superfluous job:
 * its worker finds the commit and is done.
 *
 * @throws QueueError NOT_STORED, REDIS_UNREACHABLE, BAD_JOB
 */
export function repairRun(queues: JobQueues, options: RepairRunOptions): Promise<RunChange> {
  const { missing, retryFailed = false, ...run } = options;
  const recreate = { completed: true, failed: retryFailed };
  return changeRun(queues, { ...run, shards: missing, recreate });
}
