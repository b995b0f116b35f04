import { randomUUID } from "node:crypto";
import type { JobQueues } from "@nightbeam/queue";

export interface LeaseOptions {
  readonly queues: Pick<JobQueues, "redis" | "prefix">;
  /** The name of the lease. */
  readonly name: string;
  /** Time to live. It is extended while the work goes on, so it ends when its holder dies. */
  readonly lastsMs: number;
}

/** Extends a lease if this process still holds it. KEYS: the lease. ARGV: its token and its time to live. */
const EXTEND =
  'if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("pexpire", KEYS[1], ARGV[2]) end return 0';
const RELEASE =
  'if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end return 0';

/**
 * Does the work unless another scheduler is doing it. The lease only saves time: doing the work twice is harmless.
 * So it may be lost with Redis, and the work is done without a lease if Redis cannot be reached.
 *
 * @returns whether the work was done
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
