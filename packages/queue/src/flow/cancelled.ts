import type { Redis } from "ioredis";
import { KEEP_ENDED_S } from "../jobs/options.js";
import { removeFinishJob, removeShardJobs } from "./apply.js";
import type { JobQueues } from "./queues.js";
import { readFailure, storeFailure } from "./redis-failure.js";
import { readRun } from "./run-jobs.js";

/** Where the marks of cancelled runs are kept: `JobQueues`, or a connection and a prefix. */
export interface CancelledKeys {
  readonly redis: Redis;
  readonly prefix: string;
}

/** The key of a sorted set of run ids, by the time of the mark in epoch milliseconds. */
export function cancelledKey(prefix: string): string {
  return `${prefix}:cancelled`;
}

/** The channel on which the ids of runs are published when they are cancelled. */
export function cancelChannel(prefix: string): string {
  return `${prefix}:cancel`;
}

/**
 * Whether a run is marked as cancelled. Workers check before they start a shard.
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
  /** The shards that may have jobs: those that are not committed. */
  readonly shards: readonly number[];
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface Cancellation {
  /** Number of jobs that were removed before a worker took them. */
  readonly removed: number;
  /** Shards with active jobs; their workers have been notified. */
  readonly active: readonly number[];
}

/**
 * Cancels a run in Redis: marks it, removes the jobs that are not active, and notifies the workers.
 * The mark also stops jobs that are added at the same moment. It lasts a week and, like everything in
 * Redis, may get lost: the store must have a mark as well.
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
    // First, because removing its last child would start it.
    await removeFinishJob(queues, runId);
    const run = await readRun(queues, { runId, shards });
    const open = run.shards.filter(({ state }) => !ENDED.has(state));
    await removeShardJobs(
      queues,
      runId,
      open.map(({ index }) => index),
    );
    // Last, so that a worker that stops at once finds no other job of the run.
    await redis.publish(cancelChannel(prefix), runId);
    const active = open.filter(({ state }) => state === "active").map(({ index }) => index);
    return { removed: open.length - active.length, active };
  } catch (error) {
    throw storeFailure(`the jobs of run ${runId}`, error);
  }
}

const ENDED: ReadonlySet<string> = new Set(["completed", "failed", "missing"]);

/**
 * Removes the mark, so that the run can be added again.
 *
 * @throws QueueError NOT_STORED, REDIS_UNREACHABLE
 */
export async function restoreRun({ redis, prefix }: CancelledKeys, runId: string): Promise<void> {
  try {
    await redis.zrem(cancelledKey(prefix), runId);
  } catch (error) {
    throw storeFailure(`the removal of the cancel mark of run ${runId}`, error);
  }
}
