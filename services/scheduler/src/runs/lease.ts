import { randomUUID } from "node:crypto";
import type { JobQueues } from "@nightbeam/queue";

export interface LeaseOptions {
  readonly queues: Pick<JobQueues, "redis" | "prefix">;
  /** What is leased. */
  readonly name: string;
  /** After this it is free again, if its holder died. */
  readonly lastsMs: number;
}

/** Extends the lease that is still ours: KEYS the lease, ARGV its token and how long it lasts. */
const EXTEND =
  'if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("pexpire", KEYS[1], ARGV[2]) end return 0';
const RELEASE =
  'if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end return 0';

/**
 * Does the work unless another scheduler is at it. Two that do it at the same time waste time and
 * nothing else, so the lease is a courtesy: it is lost when Redis is, and not waited for when Redis
 * is away.
 *
 * @returns whether the work was done here
 */
export async function withLease(
  options: LeaseOptions,
  work: () => Promise<void>,
): Promise<boolean> {
  const { queues, name, lastsMs } = options;
  const { redis, prefix } = queues;
  const key = `${prefix}:lease:${name}`;
  const token = randomUUID();
  const free = await redis.set(key, token, "PX", lastsMs, "NX").then(
    (reply) => reply === "OK",
    () => true,
  );
  if (!free) return false;
  const extend = () => {
    redis.eval(EXTEND, 1, key, token, lastsMs).catch(() => undefined);
  };
  const timer = setInterval(extend, lastsMs / 3);
  timer.unref();
  try {
    await work();
    return true;
  } finally {
    clearInterval(timer);
    await redis.eval(RELEASE, 1, key, token).catch(() => undefined);
  }
}
