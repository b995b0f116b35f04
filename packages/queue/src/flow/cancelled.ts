import type { Redis } from "ioredis";
import { KEEP_ENDED_S } from "../jobs/options.js";
import { removeFinishJob, removeShardJobs } from "./apply.js";
import type { JobQueues } from "./queues.js";
import { readFailure, storeFailure } from "./redis-failure.js";
import { readRun } from "./run-jobs.js";

/** Where the marks of cancelled runs are; a queue or just its connection and prefix will do. */
export interface CancelledKeys {
  readonly redis: Redis;
  readonly prefix: string;
}

/** A sorted set of run ids by the time of the mark in ms. */
export function cancelledKey(prefix: string): string {
  return `${prefix}:cancelled`;
}

/** The channel on which the id of a run is published in the moment in which it is cancelled. */
export function cancelChannel(prefix: string): string {
  return `${prefix}:cancel`;
}

/**
 * Whether a run is marked as cancelled. A worker asks before it begins a shard.
 *
 * @throws QueueError REDIS_UNREACHABLE
 */
export async function isCancelled(keys: CancelledKeys, runId: string): Promise<boolean> {
  try {
    return (await keys.redis.zscore(cancelledKey(keys.prefix), runId)) !== null;
  } catch (error) {
    throw readFailure(`whether run ${runId} is cancelled`, error);
  }
}

export interface CancelRunOptions {
  readonly runId: string;
  /** The shards whose jobs may exist: those that are not committed. */
  readonly shards: readonly number[];
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface Cancellation {
  /** Jobs that were removed before anybody took them. */
  readonly removed: number;
  /** Shards that are being worked on; their workers have been told. */
  readonly active: readonly number[];
}

/**
 * Cancels a run in Redis: marks it, removes the jobs that nobody works on, and tells the workers.
 * The mark also stops jobs that somebody adds at the same moment. It lasts a week and, like all in
 * Redis, may get lost: the store must say as well that the run is cancelled.
 *
 * @throws QueueError NOT_STORED, REDIS_UNREACHABLE
 */
export async function cancelRun(
  queues: JobQueues,
  { runId, shards, now }: CancelRunOptions,
): Promise<Cancellation> {
  const { redis, prefix } = queues;
  try {
    await redis.zadd(cancelledKey(prefix), now, runId);
    await redis.zremrangebyscore(cancelledKey(prefix), 0, now - KEEP_ENDED_S * 1_000);
    // First, so that removing its last child does not start it.
    await removeFinishJob(queues, runId);
    const run = await readRun(queues, { runId, shards });
    const open = run.shards.filter(({ state }) => !ENDED.has(state));
    await removeShardJobs(
      queues,
      runId,
      open.map(({ index }) => index),
    );
    // Last, so that a worker which lets go at once finds no other job of the run.
    await redis.publish(cancelChannel(prefix), runId);
    const active = open.filter(({ state }) => state === "active").map(({ index }) => index);
    return { removed: open.length - active.length, active };
  } catch (error) {
    throw storeFailure(`the jobs of run ${runId}`, error);
  }
}

const ENDED: ReadonlySet<string> = new Set(["completed", "failed", "missing"]);

/**
 * Takes the mark off, so that the run can be added again.
 *
 * @throws QueueError NOT_STORED, REDIS_UNREACHABLE
 */
export async function restoreRun({ redis, prefix }: CancelledKeys, runId: string): Promise<void> {
  try {
    await redis.zrem(cancelledKey(prefix), runId);
  } catch (error) {
    throw storeFailure(`that run ${runId} is not cancelled`, error);
  }
}
