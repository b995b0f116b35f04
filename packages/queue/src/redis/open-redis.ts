import { Redis, type RedisOptions } from "ioredis";
import { QueueError } from "../errors.js";
import type { ConnectionLog } from "./log.js";

export interface OpenRedisOptions {
  /** redis://[user:password@]host[:port][/database], or rediss:// for TLS. */
  readonly url: string;
  /**
   * `producer`: a command fails at once while Redis is away, and after `commandTimeoutMs` when it
   * does not answer. `worker`: a command waits until Redis is back.
   */
  readonly role: "producer" | "worker";
  /** How long to wait for the first connection. */
  readonly readyTimeoutMs?: number;
  /** Only a producer's; a transaction with 20,000 jobs takes a few seconds. */
  readonly commandTimeoutMs?: number;
  readonly log?: ConnectionLog;
}

/** A dead peer that sends no reset is noticed after this; no blocking read of a worker takes longer. */
const SILENCE_MS = 30_000;
const LONGEST_RETRY_MS = 2_000;

/**
 * Opens a connection and waits until it is ready. From then on it connects again for ever.
 * The caller ends it with `quit()` or `disconnect()`.
 *
 * @throws QueueError REDIS_UNREACHABLE
 */
export async function openRedis(options: OpenRedisOptions): Promise<Redis> {
  const { url, role, readyTimeoutMs = 10_000, commandTimeoutMs = 20_000, log } = options;
  const place = placeOf(url);
  const settings: RedisOptions = {
    lazyConnect: true,
    connectTimeout: 5_000,
    socketTimeout: SILENCE_MS,
    retryStrategy: retryDelayMs,
    reconnectOnError: lostItsPrimary,
    ...(role === "worker" ? WORKER : { ...PRODUCER, commandTimeout: commandTimeoutMs }),
  };
  const redis = new Redis(url, { ...settings, replyMapping: "legacy" });
  let reason = "no answer";
  let away = false;
  redis.on("error", (error: Error) => {
    reason = error.message;
    if (!away) log?.warn({ redis: place, reason }, "Redis is away; connecting again");
    away = true;
  });
  redis.on("ready", () => {
    if (away) log?.info({ redis: place }, "Redis is back");
    away = false;
  });
  if (await becomesReady(redis, readyTimeoutMs)) return redis;
  redis.disconnect();
  throw new QueueError(
    "REDIS_UNREACHABLE",
    `Redis at ${place} was not ready within ${readyTimeoutMs / 1_000} s: ${reason}. ` +
      "Start it, or name the right one with NIGHTBEAM_REDIS_URL.",
  );
}

/** A worker's commands wait for Redis: BullMQ demands it, and a job's result must not get lost. */
const WORKER: RedisOptions = { maxRetriesPerRequest: null };
const PRODUCER: RedisOptions = { maxRetriesPerRequest: 1, enableOfflineQueue: false };

function retryDelayMs(times: number): number {
  const longest = Math.min(50 * 2 ** times, LONGEST_RETRY_MS);
  // Spread out, so that a whole cluster does not knock at the same moment.
  return longest / 2 + (Math.random() * longest) / 2;
}

/** After a failover the old primary answers as a replica; a new connection finds the new primary. */
function lostItsPrimary(error: Error): boolean {
  return error.message.startsWith("READONLY");
}

/** False when the connection is not ready in time. */
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
    // The first attempt may fail; those after it follow from the retry strategy.
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
