import { removeFinishJob, removeShardJobs } from "./apply.js";
import { restoreRun } from "./cancelled.js";
import type { JobQueues } from "./queues.js";
import { storeFailure } from "./redis-failure.js";
import type { RunJobsOptions } from "./run-jobs.js";

/**
 * Removes the jobs and the mark of a run that has ended, except jobs that workers hold.
 *
 * @throws QueueError NOT_STORED, REDIS_UNREACHABLE
 */
export async function forgetRun(
  queues: JobQueues,
  { runId, shards }: RunJobsOptions,
): Promise<void> {
  try {
    // First, because removing its last child would start it.
    await removeFinishJob(queues, runId);
    await removeShardJobs(queues, runId, shards);
    await restoreRun(queues, runId);
  } catch (error) {
    throw storeFailure(`the removal of run ${runId}`, error);
  }
}
