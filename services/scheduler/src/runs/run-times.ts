import type { Treatment } from "@nightbeam/api";
import { nextNight, nextTimeOfDay } from "@nightbeam/queue";
import { isoTime } from "../clock.js";
import { SchedulerError } from "../errors.js";
import type { NightRecord } from "../nights/night-record.js";

/** When a run must be complete, and until when it is tried again; both ISO 8601 UTC. */
export interface RunTimes {
  readonly dueAt?: string;
  readonly retryUntil?: string;
}

/** Until when drafters wait for trouble to pass. Undefined: as long as they wait by themselves. */
export function patienceOf({ dueAt, retryUntil }: RunTimes): string | undefined {
  return dueAt ?? retryUntil;
}

/** How long a run that is partial is tried again if it is not due before. */
const RETRY_MS = 12 * 3_600_000;

/** The times of a submitted run. @throws SchedulerError BAD_REQUEST if it would be due in the past */
export function timesOfSubmission({ due, retryPartial = false }: Treatment, now: number): RunTimes {
  const dueAt = due === undefined ? undefined : Date.parse(due);
  if (dueAt !== undefined && dueAt <= now) {
    throw new SchedulerError(
      "BAD_REQUEST",
      `--due ${due} is over: it is ${isoTime(now)} now. Give a later time.`,
    );
  }
  return {
    ...(dueAt === undefined ? {} : { dueAt: isoTime(dueAt) }),
    ...(retryPartial ? { retryUntil: isoTime(dueAt ?? now + RETRY_MS) } : {}),
  };
}

/**
 * The times of a night's run. It is tried again until it is due, or else until the next night starts, for at most
 * twelve hours. The same for a night that starts so late that it is due in the past.
 */
export function timesOfNight(
  night: Pick<NightRecord, "cron" | "timeZone" | "due">,
  { startsAt, now }: { readonly startsAt: number; readonly now: number },
): RunTimes {
  const { due, timeZone } = night;
  const dueAt = due === undefined ? undefined : nextTimeOfDay(due, { timeZone, after: startsAt });
  const started = Math.max(startsAt, now);
  const next = nextNight(night, started)?.startsAt ?? Number.POSITIVE_INFINITY;
  const until = dueAt !== undefined && dueAt > now ? dueAt : Math.min(next, started + RETRY_MS);
  return {
    ...(dueAt === undefined ? {} : { dueAt: isoTime(dueAt) }),
    retryUntil: isoTime(until),
  };
}
