import { removeFinishJob, removeShardJobs } from "./apply.js";
import type { JobQueues } from "./queues.js";
import { storeFailure } from "./redis-failure.js";
import { type RunJobsOptions, readRun } from "./run-jobs.js";

/** The states of jobs that no worker holds, and that a worker would take. */
const UNTAKEN: ReadonlySet<string> = new Set(["waiting", "delayed", "lost"]);

/**
 * Removes the jobs of a paused run that no worker holds, so that none is taken. Active jobs end as usual.
 * `repairRun` makes the others again. Nothing in Redis marks a paused run: the mark is in its store.
 *
 * @returns the number of jobs that were removed
 * @throws QueueError NOT_STORED, REDIS_UNREACHABLE
 */
export async function pauseRun(queues: JobQueues, options: RunJobsOptions): Promise<number> {
  const { runId } = options;
  try {
    const run = await readRun(queues, options);
    const untaken = run.shards.filter(({ state }) => UNTAKEN.has(state));
    if (untaken.length === 0) return 0;
    // First, because removing its last child would start it.
    await removeFinishJob(queues, runId);
    await removeShardJobs(
      queues,
      runId,
      untaken.map(({ index }) => index),
    );
    return untaken.length;
  } catch (error) {
    throw storeFailure(`the pause of run ${runId}`, error);
  }
}
