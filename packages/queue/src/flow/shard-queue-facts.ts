import type { JobQueues } from "./queues.js";
import { readFailure } from "./redis-failure.js";

/** The queue of shards, of all runs. */
export interface ShardQueueFacts {
  /** Someone paused it: workers take nothing. */
  readonly paused: boolean;
  /** The limit of active jobs that someone set for all workers together. */
  readonly maxActive: number | undefined;
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  /** Connections of workers that take shards. Undefined if Redis does not say. */
  readonly workers: number | undefined;
}

/** @throws QueueError REDIS_UNREACHABLE */
export async function shardQueueFacts({ redis, shards }: JobQueues): Promise<ShardQueueFacts> {
  try {
    const [[paused, limit], counts, workers] = await Promise.all([
      redis.hmget(shards.toKey("meta"), "paused", "concurrency"),
      shards.getJobCounts("wait", "prioritized", "active", "delayed"),
      workersOf(shards),
    ]);
    const { wait = 0, prioritized = 0, active = 0, delayed = 0 } = counts;
    return {
      paused: paused !== null && paused !== undefined,
      maxActive: limit === null || limit === undefined ? undefined : Number(limit),
      waiting: wait + prioritized,
      active,
      delayed,
      workers,
    };
  } catch (error) {
    throw readFailure("the queue of shards", error);
  }
}

/** Undefined if this user may not list clients, as with managed servers. */
async function workersOf(shards: JobQueues["shards"]): Promise<number | undefined> {
  try {
    const clients = await shards.getWorkers();
    return clients.some(({ id }) => id === undefined) ? undefined : clients.length;
  } catch {
    return undefined;
  }
}
