import { CronExpressionParser } from "cron-parser";
import { QueueError } from "../errors.js";

export interface Timetable {
  /** Five fields: minute, hour, day of month, month, day of week. Or six, with seconds first. */
  readonly cron: string;
  /** An IANA name such as Europe/Berlin. */
  readonly timeZone: string;
}

/** One time at which a schedule starts a night. */
export interface Night {
  /** The local date on which it starts, as 2026-11-03: what the night's run is named after. */
  readonly date: string;
  /** Epoch milliseconds. */
  readonly startsAt: number;
}

/** The first night that starts after `now`. @throws QueueError BAD_JOB for a bad timetable */
export function nextNight(timetable: Timetable, now: number): Night | undefined {
  const startsAt = after(timetable, now);
  return startsAt === undefined ? undefined : nightAt(timetable, startsAt);
}

/** The last night that started at `now` or before. @throws QueueError BAD_JOB for a bad timetable */
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

/** @throws QueueError BAD_JOB where the timetable cannot be kept */
export function assertTimetable(timetable: Timetable): void {
  parse(timetable, 0);
}

/** Undefined where the expression never comes true, as on the 31st of February. */
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

/** How far to look back, from a schedule by the second to one for leap days. */
const WINDOWS_MS = [
  2 * MINUTE_MS,
  120 * MINUTE_MS,
  2 * DAY_MS,
  9 * DAY_MS,
  400 * DAY_MS,
  3_000 * DAY_MS,
];

/**
 * Goes forward from further and further back: the parser's way backwards leaves out a night whose
 * hour is skipped when the clocks go forward, and fails where that hour is midnight.
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
    // It never comes true again.
  }
  return last;
}

function parse({ cron, timeZone }: Timetable, at: number) {
  try {
    // Refuses what it does not know, which the parser would not before its first step.
    new Intl.DateTimeFormat("en-CA", { timeZone });
    return CronExpressionParser.parse(cron, { tz: timeZone, currentDate: new Date(at) });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new QueueError(
      "BAD_JOB",
      `The timetable "${cron}" in ${timeZone} cannot be kept: ${reason}. Write minute, hour, day of ` +
        'month, month and day of week, for example "30 1 * * *", and a time zone such as Europe/Berlin.',
      { cause: error },
    );
  }
}
