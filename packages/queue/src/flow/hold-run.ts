import { removeFinishJob, removeShardJobs } from "./apply.js";
import type { JobQueues } from "./queues.js";
import { storeFailure } from "./redis-failure.js";
import { type RunJobsOptions, readRun } from "./run-jobs.js";

/** The jobs of a run that is held back. */
export interface HeldRun {
  /** Shards whose jobs were removed before a worker took them. */
  readonly removed: readonly number[];
  /** Shards in progress; they may still be committed. */
  readonly active: readonly number[];
}

/**
 * Removes the jobs of a run that no worker holds, without stopping those in progress. `repairRun` adds them again.
 *
 * @throws QueueError NOT_STORED, REDIS_UNREACHABLE
 */
export async function holdRun(queues: JobQueues, options: RunJobsOptions): Promise<HeldRun> {
  const { runId } = options;
  try {
    // First, because removing its last child would start it.
    await removeFinishJob(queues, runId);
    const { shards } = await readRun(queues, options);
    const open = shards.filter(({ state }) => state === "waiting" || state === "delayed");
    const removed = open.map(({ index }) => index);
    await removeShardJobs(queues, runId, removed);
    const active = shards.filter(({ state }) => state === "active").map(({ index }) => index);
    return { removed, active };
  } catch (error) {
    throw storeFailure(`the jobs of run ${runId}`, error);
  }
}
