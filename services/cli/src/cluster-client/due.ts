import { UsageError } from "@nightbeam/service";

const TIME_OF_DAY = /^([01]?\d|2[0-3]):([0-5]\d)$/;

/**
 * A due time as the scheduler takes it. A time of day is the next one in the time zone of this machine.
 *
 * @param text as 06:00, or with a date and an offset, as 2026-11-22T06:00:00+01:00
 * @throws UsageError BAD_OPTION
 */
export function dueTime(text: string, now: Date): string {
  const [, hour, minute] = TIME_OF_DAY.exec(text.trim()) ?? [];
  if (hour !== undefined && minute !== undefined) {
    const at = new Date(now);
    at.setHours(Number(hour), Number(minute), 0, 0);
    if (at <= now) at.setDate(at.getDate() + 1);
    return at.toISOString();
  }
  const at = /T.*(Z|[+-]\d\d:?\d\d)$/i.test(text) ? new Date(text) : undefined;
  if (at === undefined || Number.isNaN(at.getTime())) {
    throw new UsageError(
      "BAD_OPTION",
      `--due ${text} is no time. Write a time of day, as 06:00, or a time with an offset, as 2026-11-22T06:00:00+01:00.`,
    );
  }
  if (at > now) return at.toISOString();
  throw new UsageError("BAD_OPTION", `--due ${text} is over. Give a later time.`);
}
