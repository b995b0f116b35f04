import { jobPriority, RUN_PRIORITIES } from "../jobs/priority.js";
import type { JobQueues } from "./queues.js";
import { readFailure } from "./redis-failure.js";

/** Shards in the queue, of all runs. */
export interface ShardQueueLoad {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  /** When the oldest waiting one was added, in epoch milliseconds. Undefined if none waits. */
  readonly oldestAt: number | undefined;
}

/** BullMQ orders jobs by their priority times this, plus a counter. */
const PRIORITY_STEP = 2 ** 32;

/** Costs a few commands, however many shards wait. @throws QueueError REDIS_UNREACHABLE */
export async function shardQueueLoad({ redis, shards }: JobQueues): Promise<ShardQueueLoad> {
  try {
    const counts = await shards.getJobCounts("wait", "prioritized", "active", "delayed");
    const { wait = 0, prioritized = 0, active = 0, delayed = 0 } = counts;
    // Within a priority, jobs wait in the order in which they were added.
    const firsts = await Promise.all([
      redis.lindex(shards.toKey("wait"), -1),
      ...RUN_PRIORITIES.map(async (priority) => {
        const from = jobPriority(priority) * PRIORITY_STEP;
        const range = [from, `(${from + PRIORITY_STEP}`] as const;
        return (await redis.zrangebyscore(shards.toKey("prioritized"), ...range, "LIMIT", 0, 1))[0];
      }),
    ]);
    const times = await Promise.all(
      firsts.map((id) =>
        typeof id === "string" ? redis.hget(shards.toKey(id), "timestamp") : null,
      ),
    );
    const known = times.flatMap((time) => (typeof time === "string" ? Number(time) : []));
    const oldestAt = known.length === 0 ? undefined : Math.min(...known);
    return { waiting: wait + prioritized, active, delayed, oldestAt };
  } catch (error) {
    throw readFailure("the queue of shards", error);
  }
}
