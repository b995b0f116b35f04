import type { JobSchedulerJson } from "bullmq";
import { QueueError } from "../errors.js";
import type { JobQueues } from "../flow/queues.js";
import { readFailure, storeFailure } from "../flow/redis-failure.js";
import type { NightJobData } from "../jobs/job-kinds.js";
import { jobOptions } from "../jobs/options.js";
import { parseJob } from "../jobs/parse-job.js";
import { assertTimetable, type Timetable } from "./local-night.js";

export interface NightSchedule extends Timetable {
  /** Letters, digits, dots, dashes and underscores. */
  readonly name: string;
}

export interface ListedNight extends NightSchedule {
  /** When its next job is due, in epoch milliseconds. */
  readonly nextAt: number;
}

type NightQueue = Pick<JobQueues, "nights">;

/**
 * Creates or changes a schedule. Its jobs contain the name of the schedule and nothing else: the handler
 * computes the date of the night with `lastNight`, and must be idempotent. Putting an unchanged schedule
 * is harmless, so a scheduler does it at every start, which also restores schedules that Redis lost.
 *
 * @throws QueueError BAD_JOB, NOT_STORED, REDIS_UNREACHABLE
 */
export async function putNight(
  { nights }: NightQueue,
  schedule: NightSchedule,
): Promise<ListedNight> {
  const { name, cron, timeZone } = schedule;
  assertName(name);
  assertTimetable(schedule);
  const template = {
    name: "night",
    data: parseJob("night", { schedule: name }),
    opts: jobOptions("night"),
  };
  try {
    await nights.upsertJobScheduler(name, { pattern: cron, tz: timeZone }, template);
    const stored = listed(await nights.getJobScheduler(name));
    if (stored?.cron === cron && stored.timeZone === timeZone) return stored;
  } catch (error) {
    throw storeFailure(`the schedule ${name}`, error);
  }
  throw new QueueError(
    "NOT_STORED",
    `Redis accepted the schedule ${name} but does not have it. Check that it is a primary; then ` +
      "put the schedule again.",
  );
}

/**
 * Removes a schedule and its waiting job. Returns false if there was none.
 *
 * @throws QueueError NOT_STORED, REDIS_UNREACHABLE
 */
export async function removeNight({ nights }: NightQueue, name: string): Promise<boolean> {
  try {
    return await nights.removeJobScheduler(name);
  } catch (error) {
    throw storeFailure(`the removal of the schedule ${name}`, error);
  }
}

/** All schedules, ordered by their next start. @throws QueueError REDIS_UNREACHABLE */
export async function listNights({ nights }: NightQueue): Promise<ListedNight[]> {
  try {
    const schedulers = await nights.getJobSchedulers(0, -1, true);
    return schedulers.flatMap((one) => listed(one) ?? []);
  } catch (error) {
    throw readFailure("the schedules", error);
  }
}

function listed(scheduler: JobSchedulerJson<NightJobData> | undefined): ListedNight | undefined {
  if (scheduler?.pattern === undefined || scheduler.next === undefined) return undefined;
  const { key, pattern, next, tz = "UTC" } = scheduler;
  return { name: key, cron: pattern, timeZone: tz, nextAt: next };
}

function assertName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) return;
  throw new QueueError(
    "BAD_JOB",
    `"${name}" is not a valid name for a schedule: use a letter or digit, then at most 99 letters, digits, dots, ` +
      "dashes and underscores.",
  );
}
