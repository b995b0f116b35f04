import { shardOfJobId } from "../jobs/job-ids.js";
import type { JobQueues } from "./queues.js";
import { readFailure } from "./redis-failure.js";

/** BullMQ's scores of delayed jobs: milliseconds, and a counter below. */
export const SCORES_PER_MS = 0x1000;

/**
 * When the next delayed shard of a run is tried again, in epoch milliseconds; undefined if none is delayed.
 *
 * @throws QueueError REDIS_UNREACHABLE
 */
export async function nextTry(
  { redis, shards: queue }: JobQueues,
  runId: string,
): Promise<number | undefined> {
  try {
    const delayed = await redis.zrange(queue.toKey("delayed"), "0", "-1", "WITHSCORES");
    // The earliest first; each id is followed by its score.
    const next = delayed.findIndex(
      (id, at) => at % 2 === 0 && shardOfJobId(runId, id) !== undefined,
    );
    return next < 0 ? undefined : Math.floor(Number(delayed[next + 1]) / SCORES_PER_MS);
  } catch (error) {
    throw readFailure(`when run ${runId} continues`, error);
  }
}
