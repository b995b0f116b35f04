import { reasonOf } from "@nightbeam/service/log";
import { CronExpressionParser } from "cron-parser";
import { QueueError } from "../errors.js";

export interface Timetable {
  /** Five fields: minute, hour, day of month, month, day of week. Or six, with seconds first. */
  readonly cron: string;
  /** An IANA time zone, such as Europe/Berlin. */
  readonly timeZone: string;
}

/** A date on which a schedule starts a run. */
export interface Night {
  /** The local date of the start, as 2026-11-03. The run is named after it. */
  readonly date: string;
  /** Epoch milliseconds. */
  readonly startsAt: number;
}

/** The first night that starts after `now`. @throws QueueError BAD_JOB for an invalid timetable */
export function nextNight(timetable: Timetable, now: number): Night | undefined {
  const startsAt = after(timetable, now);
  return startsAt === undefined ? undefined : nightAt(timetable, startsAt);
}

/** The last night that started at or before `now`. @throws QueueError BAD_JOB for an invalid timetable */
export function lastNight(timetable: Timetable, now: number): Night | undefined {
  const startsAt = atOrBefore(timetable, now);
  return startsAt === undefined ? undefined : nightAt(timetable, startsAt);
}

function nightAt({ timeZone }: Timetable, startsAt: number): Night {
  return { date: localDate(startsAt, timeZone), startsAt };
}

/** The date of an instant in a time zone, as 2026-11-03. */
export function localDate(at: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  }).formatToParts(at);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? "";
  return `${part("year").padStart(4, "0")}-${part("month")}-${part("day")}`;
}

/** @throws QueueError BAD_JOB if the timetable is not valid */
export function assertTimetable(timetable: Timetable): void {
  parse(timetable, 0);
}

/** Undefined if the expression never matches, such as the 31st of February. */
function after(timetable: Timetable, now: number): number | undefined {
  const times = parse(timetable, now);
  try {
    return times.next().getTime();
  } catch {
    return undefined;
  }
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** How far to look back, from schedules with seconds to schedules for leap days. */
const WINDOWS_MS = [
  2 * MINUTE_MS,
  120 * MINUTE_MS,
  2 * DAY_MS,
  9 * DAY_MS,
  400 * DAY_MS,
  3_000 * DAY_MS,
];

/**
 * Searches forward from earlier and earlier times. The parser's backward search omits nights whose hour
 * is skipped when the clocks go forward, and fails if that hour is midnight.
 */
function atOrBefore(timetable: Timetable, now: number): number | undefined {
  for (const windowMs of WINDOWS_MS) {
    const found = lastBetween(timetable, now - windowMs, now);
    if (found !== undefined) return found;
  }
  return undefined;
}

function lastBetween(timetable: Timetable, from: number, to: number): number | undefined {
  const times = parse(timetable, from);
  let last: number | undefined;
  try {
    for (let at = times.next().getTime(); at <= to; at = times.next().getTime()) last = at;
  } catch {
    // It never matches again.
  }
  return last;
}

function parse({ cron, timeZone }: Timetable, at: number) {
  try {
    // Throws for an unknown time zone, which the parser would only do at its first step.
    new Intl.DateTimeFormat("en-CA", { timeZone });
    return CronExpressionParser.parse(cron, { tz: timeZone, currentDate: new Date(at) });
  } catch (error) {
    const reason = reasonOf(error);
    throw new QueueError(
      "BAD_JOB",
      `The timetable "${cron}" in ${timeZone} is not valid: ${reason}. Use minute, hour, day of ` +
        'month, month and day of week, for example "30 1 * * *", and a time zone such as Europe/Berlin.',
      { cause: error },
    );
  }
}
