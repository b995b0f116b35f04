import type { Log } from "@nightbeam/service/log";
import { Redis, type RedisOptions } from "ioredis";
import { QueueError } from "../errors.js";

/** What a connection needs of a log. */
export type ConnectionLog = Pick<Log, "info" | "warn">;

export interface OpenRedisOptions {
  /** redis://[user:password@]host[:port][/database], or rediss:// for TLS. */
  readonly url: string;
  /**
   * `producer`: a command fails at once while Redis is unreachable, and after `commandTimeoutMs` when
   * it does not answer. `worker`: a command waits until Redis is back.
   */
  readonly role: "producer" | "worker";
  /** Timeout of the first connection. Default: 10 s. */
  readonly readyTimeoutMs?: number;
  /** Only for producers. Default: 20 s; a transaction with 20,000 jobs takes a few seconds. */
  readonly commandTimeoutMs?: number;
  readonly log?: ConnectionLog;
}

/** A peer that died without a reset is noticed after this. No blocking read of a worker takes longer. */
const SOCKET_TIMEOUT_MS = 30_000;
const MAX_RETRY_MS = 2_000;

/**
 * Opens a connection and waits until it is ready. After that it reconnects forever. The caller closes
 * it with `quit()` or `disconnect()`.
 *
 * @throws QueueError REDIS_UNREACHABLE
 */
export async function openRedis(options: OpenRedisOptions): Promise<Redis> {
  const { url, role, readyTimeoutMs = 10_000, commandTimeoutMs = 20_000, log } = options;
  const place = placeOf(url);
  const settings: RedisOptions = {
    lazyConnect: true,
    connectTimeout: 5_000,
    socketTimeout: SOCKET_TIMEOUT_MS,
    retryStrategy: retryDelayMs,
    reconnectOnError: lostItsPrimary,
    ...(role === "worker" ? WORKER : { ...PRODUCER, commandTimeout: commandTimeoutMs }),
  };
  const redis = new Redis(url, { ...settings, replyMapping: "legacy" });
  let reason = "no answer";
  let away = false;
  redis.on("error", (error: Error) => {
    reason = error.message;
    if (!away) log?.warn({ redis: place, reason }, "Redis is unreachable; reconnecting");
    away = true;
  });
  redis.on("ready", () => {
    if (away) log?.info({ redis: place }, "Redis is reachable again");
    away = false;
  });
  if (await becomesReady(redis, readyTimeoutMs)) return redis;
  redis.disconnect();
  throw new QueueError(
    "REDIS_UNREACHABLE",
    `Redis at ${place} was not ready within ${readyTimeoutMs / 1_000} s: ${reason}. ` +
      "Start it, or correct NIGHTBEAM_REDIS_URL.",
  );
}

/** A worker's commands wait for Redis: BullMQ requires it, and the result of a job must not get lost. */
const WORKER: RedisOptions = { maxRetriesPerRequest: null };
const PRODUCER: RedisOptions = { maxRetriesPerRequest: 1, enableOfflineQueue: false };

function retryDelayMs(times: number): number {
  const delay = Math.min(50 * 2 ** times, MAX_RETRY_MS);
  // Jitter, so that the nodes of a cluster do not all reconnect at the same moment.
  return delay / 2 + (Math.random() * delay) / 2;
}

/** After a failover the old primary answers as a replica; reconnecting finds the new primary. */
function lostItsPrimary(error: Error): boolean {
  return error.message.startsWith("READONLY");
}

/** Connects. @returns whether the connection is ready in time */
export function becomesReady(redis: Redis, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (ready: boolean) => {
      clearTimeout(timer);
      redis.off("ready", onReady);
      resolve(ready);
    };
    const onReady = () => settle(true);
    const timer = setTimeout(() => settle(false), timeoutMs);
    redis.once("ready", onReady);
    // The first attempt may fail; the retry strategy makes the others.
    redis.connect().catch(() => undefined);
  });
}

/** `host:port` of a URL, without the password. @throws QueueError REDIS_UNREACHABLE */
function placeOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !["redis:", "rediss:"].includes(parsed.protocol)) {
    throw new QueueError(
      "REDIS_UNREACHABLE",
      "The address of Redis is not of the form redis://host:port. Correct NIGHTBEAM_REDIS_URL.",
    );
  }
  return `${parsed.hostname}:${parsed.port === "" ? "6379" : parsed.port}`;
}
