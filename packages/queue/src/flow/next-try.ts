import { shardJobId } from "../jobs/job-ids.js";
import type { JobQueues } from "./queues.js";
import { readFailure } from "./redis-failure.js";
import type { RunJobsOptions } from "./run-jobs.js";

/** BullMQ's scores of delayed jobs: milliseconds, and a counter below. */
export const SCORES_PER_MS = 0x1000;

/**
 * When the next delayed shard of a run is tried again, in epoch milliseconds; undefined if none is delayed.
 *
 * @throws QueueError REDIS_UNREACHABLE
 */
export async function nextTry(
  { redis, shards: queue }: JobQueues,
  { runId, shards }: RunJobsOptions,
): Promise<number | undefined> {
  if (shards.length === 0) return undefined;
  try {
    const ids = shards.map((index) => shardJobId(runId, index));
    const scores = await redis.zmscore(queue.toKey("delayed"), ...ids);
    const times = scores.flatMap((score) => (score === null ? [] : [Number(score)]));
    if (times.length === 0) return undefined;
    return Math.floor(times.reduce((a, b) => Math.min(a, b)) / SCORES_PER_MS);
  } catch (error) {
    throw readFailure(`when run ${runId} continues`, error);
  }
}
