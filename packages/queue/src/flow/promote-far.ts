import { redisNow } from "../redis/redis-now.js";
import { SCORES_PER_MS } from "./next-try.js";
import type { JobQueues } from "./queues.js";
import { storeFailure } from "./redis-failure.js";

/** Jobs per call; the next call takes the others. */
const MAX_PROMOTED = 500;

/**
 * Makes shards wait no longer that are delayed beyond `maxDelayMs` from now, by Redis' clock. BullMQ delays by the clock
 * of the node that failed: if that is ahead and the node dies, the shard would wait until the others' clocks are there.
 *
 * @returns the number of shards
 * @throws QueueError NOT_STORED, REDIS_UNREACHABLE
 */
export async function promoteFar(
  { redis, shards }: JobQueues,
  { maxDelayMs }: { readonly maxDelayMs: number },
): Promise<number> {
  try {
    const latest = ((await redisNow(redis)) + maxDelayMs) * SCORES_PER_MS;
    const key = shards.toKey("delayed");
    const ids = await redis.zrangebyscore(key, latest, "+inf", "LIMIT", 0, MAX_PROMOTED);
    const jobs = await Promise.all(ids.map((id) => shards.getJob(id)));
    const promoted = await Promise.allSettled(jobs.map((job) => job?.promote()));
    // A job that was removed or taken in the meantime needs nothing.
    return promoted.filter(({ status }) => status === "fulfilled").length;
  } catch (error) {
    throw storeFailure("the end of the delay of shards", error);
  }
}
