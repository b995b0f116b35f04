import { lastNight, type Night, type Timetable } from "./local-night.js";

export interface MissedNightOptions extends Timetable {
  /** Epoch milliseconds. */
  readonly now: number;
  /** How late a night may start before it counts as missed. */
  readonly graceMs: number;
  /** The date of the last night that was started, as 2026-11-03; undefined if none ever was. */
  readonly lastStarted: string | undefined;
  /** When the schedule was created, in epoch milliseconds: earlier nights were not missed. */
  readonly since?: number;
}

/**
 * The night that should have started and has not, or undefined. Only the latest one counts: after days
 * without a scheduler one night is made up for, not all of them. A date has one night, even if the
 * clocks go back and its hour occurs twice.
 *
 * @throws QueueError BAD_JOB for an invalid timetable
 */
export function missedNight(options: MissedNightOptions): Night | undefined {
  const { now, graceMs, lastStarted, since = Number.NEGATIVE_INFINITY } = options;
  const due = lastNight(options, now - graceMs);
  if (due === undefined || due.startsAt < since) return undefined;
  if (lastStarted !== undefined && due.date <= lastStarted) return undefined;
  return due;
}
