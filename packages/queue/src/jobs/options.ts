import type { JobsOptions, WorkerOptions } from "bullmq";
import { JOBS, type JobKind, type JobName } from "./jobs.js";

/**
 * The namespace of all keys. The braces make Redis Cluster keep them on one node, which a flow
 * needs because it is stored in one transaction.
 */
export const DEFAULT_PREFIX = "{nightbeam}";

/** A namespace's name as a key prefix: `nightbeam` -> `{nightbeam}`. */
export function prefixOf(name: string): string {
  return `{${name}}`;
}

/** Ended jobs stay this long: an id is only refused a second time while its job is there. */
export const KEEP_ENDED_S = 7 * 24 * 3_600;

/** How a kind of job is stored, retried and kept. */
export function jobOptions(name: JobName): JobsOptions {
  const { attempts, backoffMs } = JOBS[name];
  return {
    attempts,
    backoff: { type: "exponential", delay: backoffMs, jitter: 0.5 },
    removeOnComplete: { age: KEEP_ENDED_S },
    removeOnFail: { age: KEEP_ENDED_S },
    stackTraceLimit: 1,
  };
}

export interface WorkerTimes {
  /**
   * How long a worker owns a job without a sign of life. Shorter finds a dead worker sooner; a
   * pause of Redis or of the worker's event loop beyond it makes a live job run twice.
   */
  readonly lockMs?: number;
  /** A dead worker's job is taken again after at most `lockMs + 2 * stallCheckMs`. */
  readonly stallCheckMs?: number;
}

/** What a kind of job asks of the worker that serves it. */
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
