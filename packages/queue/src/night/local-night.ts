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

/**
 * The first time of day after a moment, in epoch milliseconds. A time that the clocks skip counts as the end of the
 * gap, or as far after it as it was after the gap's start.
 *
 * @param timeOfDay as 06:00
 * @throws QueueError BAD_JOB for an invalid time of day or zone
 */
export function nextTimeOfDay(
  timeOfDay: string,
  { timeZone, after: moment }: { readonly timeZone: string; readonly after: number },
): number {
  const [, hour, minute] = TIME_OF_DAY.exec(timeOfDay) ?? [];
  const at =
    hour === undefined || minute === undefined
      ? undefined
      : after({ cron: `${Number(minute)} ${Number(hour)} * * *`, timeZone }, moment);
  if (at !== undefined) return at;
  throw new QueueError("BAD_JOB", `"${timeOfDay}" is no time of day. Write it as 06:00.`);
}

/** Hours and minutes. */
const TIME_OF_DAY = /^([01]\d|2[0-3]):([0-5]\d)$/;

export interface KeepableOptions extends Timetable {
  /** Epoch milliseconds. */
  readonly now: number;
  /** When its runs must be complete, as 06:00. */
  readonly due?: string | undefined;
}

/** Enough to see whether a date has two starts: the first date may be half over. */
const STARTS_TO_COMPARE = 4;

/**
 * Refuses a timetable that cannot be kept: one that starts more often than once per date, never, or at random, and a
 * due time that is not before the next start. A start at a time that the clocks skip can be kept: it is later then.
 *
 * @throws QueueError BAD_JOB
 */
export function assertKeepable(options: KeepableOptions): void {
  const { cron, timeZone, now, due } = options;
  const refusal = (why: string) =>
    new QueueError("BAD_JOB", `The timetable "${cron}" in ${timeZone} cannot be kept: ${why}`);
  // The parser picks another number each time.
  if (/(^|[\s,])H/i.test(cron)) throw refusal("H stands for a random time. Write the time itself.");
  const starts: number[] = [];
  const times = parse(options, now);
  try {
    while (starts.length < STARTS_TO_COMPARE) starts.push(times.next().getTime());
  } catch {
    // It never matches again.
  }
  const [first, second] = starts;
  if (first === undefined) {
    throw refusal("it never starts. Check the date, and write the time zone as Europe/Berlin.");
  }
  const dates = starts.map((at) => localDate(at, timeZone));
  const twice = dates.find((date, index) => date === dates[index + 1]);
  if (twice !== undefined) {
    throw refusal(
      `it starts more than once on ${twice}, but a date has one run. Put one night per start, ` +
        "each with a name and an --out of its own.",
    );
  }
  if (due === undefined) return;
  const dueAt = nextTimeOfDay(due, { timeZone, after: first });
  if (second !== undefined && dueAt >= second) {
    throw refusal(`it is due at ${due}, which is not before its next start. Choose another time.`);
  }
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
