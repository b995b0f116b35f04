import type { Redis } from "ioredis";

/** Redis' time in epoch milliseconds: the clocks of nodes may differ. */
export async function redisNow(redis: Redis): Promise<number> {
  const [seconds, microseconds] = await redis.time();
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
}
