import { DEFAULT_NAMESPACE } from "@nightbeam/service";
import type { JobsOptions, WorkerOptions } from "bullmq";
import { JOBS, type JobKind, type JobName } from "./job-kinds.js";

/**
 * The prefix of all Redis keys and channels of a cluster. The braces make Redis Cluster keep the keys on one node,
 * which a flow needs because it is stored in one transaction.
 *
 * @param namespace letters, digits, - and _
 */
export function redisPrefix(namespace: string): string {
  return `{${namespace}}`;
}

/** The prefix of a cluster that was given no namespace. */
export const DEFAULT_PREFIX = redisPrefix(DEFAULT_NAMESPACE);

/** How long ended jobs are kept: a duplicate id is only refused while its job exists. */
export const KEEP_ENDED_S = 7 * 24 * 3_600;

/** Lines in the log of a job: the last ones are kept. */
const MAX_LOG_LINES = 50;

/** How jobs of a kind are retried and kept. */
export function jobOptions(name: JobName): JobsOptions {
  const { attempts, backoffMs } = JOBS[name];
  return {
    attempts,
    backoff: { type: "exponential", delay: backoffMs, jitter: 0.5 },
    removeOnComplete: { age: KEEP_ENDED_S },
    removeOnFail: { age: KEEP_ENDED_S },
    stackTraceLimit: 1,
    keepLogs: MAX_LOG_LINES,
  };
}

export interface WorkerTimes {
  /**
   * How long a worker owns a job without renewing its lock. A shorter time detects dead workers
   * sooner; a pause of Redis or of the worker's event loop beyond it makes a live job run twice.
   * Default: 10 s.
   */
  readonly lockMs?: number;
  /** A dead worker's job is taken after at most `lockMs + 2 * stallCheckMs`. Default: half of `lockMs`. */
  readonly stallCheckMs?: number;
}

/** The options of the workers for a kind of job. */
export function workerOptions(
  name: JobName,
  { lockMs = 10_000, stallCheckMs = lockMs / 2 }: WorkerTimes = {},
): Pick<
  WorkerOptions,
  "lockDuration" | "stalledInterval" | "maxStalledCount" | "maxStartedAttempts"
> {
  const { stalls, starts }: JobKind = JOBS[name];
  return {
    lockDuration: lockMs,
    stalledInterval: stallCheckMs,
    maxStalledCount: stalls,
    ...(starts === undefined ? {} : { maxStartedAttempts: starts }),
  };
}
