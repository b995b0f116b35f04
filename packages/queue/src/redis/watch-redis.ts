import type { Redis } from "ioredis";
import { becomesReady } from "./open-redis.js";

export interface WatchRedisOptions {
  readonly redis: Redis;
  /** How long the connection may be down before it is checked. Default: 30 s. */
  readonly graceMs?: number;
  /**
   * Called once if the server answers other connections but this one does not recover. Force-close the
   * workers on it, and replace both.
   */
  readonly onStuck: () => void;
}

export interface RedisWatch {
  stop(): void;
}

/**
 * Detects a connection that never becomes ready again although Redis is up. This happens after
 * restarts and failovers, and BullMQ's advice is to recreate the worker. A Redis that is simply down
 * does not count: the watch checks with a separate connection.
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
