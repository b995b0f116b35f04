import { reasonOf } from "@nightbeam/service/log";
import { type Redis, ReplyError } from "ioredis";
import { redisNow } from "./redis-now.js";

/** Whether Redis answers and takes writes. */
export type RedisHealth =
  | {
      readonly state: "ok";
      /** Redis' time in epoch milliseconds. */
      readonly now: number;
    }
  /** It answers with an error: READONLY, OOM, MISCONF, NOAUTH, BUSY, LOADING, … */
  | { readonly state: "refuses"; readonly words: string }
  | { readonly state: "unreachable"; readonly words: string };

export interface RedisHealthOptions {
  /** Default: 3 s. */
  readonly timeoutMs?: number;
}

const PROBE_LASTS_S = 60;

/**
 * Asks Redis for its time and writes a key. If that fails on the given connection, a new one learns why: a connection
 * that is reconnecting only says that it is not writable.
 */
export async function redisHealth(
  { redis, prefix }: { readonly redis: Redis; readonly prefix: string },
  { timeoutMs = 3_000 }: RedisHealthOptions = {},
): Promise<RedisHealth> {
  try {
    return await inTime(probe(redis, prefix), timeoutMs);
  } catch {
    return askAnew(redis, { prefix, timeoutMs });
  }
}

async function probe(redis: Redis, prefix: string): Promise<RedisHealth> {
  await redis.set(`${prefix}:probe`, "1", "EX", PROBE_LASTS_S);
  return { state: "ok", now: await redisNow(redis) };
}

async function askAnew(
  redis: Redis,
  { prefix, timeoutMs }: { readonly prefix: string; readonly timeoutMs: number },
): Promise<RedisHealth> {
  const fresh = redis.duplicate({
    lazyConnect: true,
    // Redis says itself that it is loading or wants a password.
    enableReadyCheck: false,
    enableOfflineQueue: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    reconnectOnError: null,
    connectTimeout: timeoutMs,
  });
  let first: Error | undefined;
  fresh.on("error", (error: Error) => {
    first ??= error;
  });
  try {
    return await inTime(
      fresh.connect().then(() => probe(fresh, prefix)),
      timeoutMs,
    );
  } catch (error) {
    const cause = first ?? error;
    return {
      state: cause instanceof ReplyError ? "refuses" : "unreachable",
      words: reasonOf(cause),
    };
  } finally {
    fresh.disconnect();
  }
}

async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1_000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
