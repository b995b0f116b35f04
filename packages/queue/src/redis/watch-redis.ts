import type { Redis } from "ioredis";
import { becomesReady } from "./open-redis.js";

export interface WatchRedisOptions {
  readonly redis: Redis;
  /** How long the connection may be away before it is doubted. */
  readonly graceMs?: number;
  /**
   * The server answers others but this connection does not come back. Close the workers on it by
   * force and make both anew.
   */
  readonly onStuck: () => void;
}

export interface RedisWatch {
  stop(): void;
}

/**
 * Notices a connection that never gets ready again although Redis is there: seen after restarts
 * and failovers, and BullMQ's advice for it is to make the worker anew. A Redis that is simply away
 * is no reason; that is found out with a connection of the watch's own.
 *
 * Its life: `trusting` -> `doubting` (not ready) -> `trusting`, or `stuck` (told once), or `stopped`.
 */
export function watchRedis({ redis, graceMs = 30_000, onStuck }: WatchRedisOptions): RedisWatch {
  let awaySince: number | undefined;
  let probing = false;
  const check = async () => {
    if (isReady(redis)) {
      awaySince = undefined;
      return;
    }
    awaySince ??= performance.now();
    if (probing || performance.now() - awaySince < graceMs) return;
    probing = true;
    const answers = await serverAnswers(redis, graceMs);
    probing = false;
    if (!answers || isReady(redis) || stopped) return;
    stop();
    onStuck();
  };
  let stopped = false;
  const timer = setInterval(() => void check(), Math.max(1, graceMs / 4));
  timer.unref();
  const stop = () => {
    stopped = true;
    clearInterval(timer);
  };
  return { stop };
}

function isReady(redis: Redis): boolean {
  return redis.status === "ready";
}

async function serverAnswers(redis: Redis, timeoutMs: number): Promise<boolean> {
  const probe = redis.duplicate({ lazyConnect: true, retryStrategy: () => null });
  probe.on("error", () => undefined);
  try {
    return await becomesReady(probe, timeoutMs);
  } finally {
    probe.disconnect();
  }
}
