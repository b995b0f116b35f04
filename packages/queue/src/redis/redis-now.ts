import type { Redis } from "ioredis";

/**
 * Redis' time in epoch milliseconds. Times that several machines compare are taken from it, because their clocks may
 * differ.
 *
 * @public for nodes that compare `dueAt` of a shard
 */
export async function redisNow(redis: Pick<Redis, "time">): Promise<number> {
  const [seconds, microseconds] = await redis.time();
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
}
