import { describe, expect, it } from "vitest";
import { assertKeepable, nextTimeOfDay } from "../../src/night/local-night.js";

const now = Date.parse("2026-01-24T12:00:00Z");
const zone = "Europe/Berlin";

describe("a timetable", () => {
  it.each([
    ["0 2 * * *", zone, undefined],
    ["0 0 2 * * *", zone, undefined],
    ["30 2 * * 1-5", zone, "01:00"],
    ["0 0 29 2 *", "UTC", "06:00"],
    // The clocks skip it, or have it twice.
    ["30 2 29 3 *", zone, "02:45"],
    ["30 2 25 10 *", zone, "02:45"],
    ["0 0 * * *", "America/Santiago", "23:59"],
  ])("%s in %s is taken", (cron, timeZone, due) => {
    expect(() => assertKeepable({ cron, timeZone, due, now })).not.toThrow();
  });

  it.each([
    ["* * * * *", zone, undefined, /more than once on 2026-01-24/],
    ["0 */6 * * *", zone, undefined, /more than once on 2026-01-2/],
    ["* * * * * *", zone, undefined, /more than once/],
    ["0 11,13 29 2 *", "UTC", undefined, /more than once on 2028-02-29/],
    ["@hourly", "UTC", undefined, /more than once/],
    ["0 0 30 2 *", "UTC", undefined, /is not valid/],
    ["0 2 * * *", "Mars/Base", undefined, /is not valid/],
    ["0 2 * * *", "+02:00", undefined, /is not valid|never starts/],
    ["H 2 * * *", "UTC", undefined, /random/],
    ["0 2 * * *", zone, "02:00", /due at 02:00, which is not before its next start/],
    ["0 2 * * *", zone, "25:00", /no time of day/],
  ])("%s in %s, due %s, is refused", (cron, timeZone, due, message) => {
    expect(() => assertKeepable({ cron, timeZone, due, now })).toThrow(message);
  });
});

describe("a time of day", () => {
  it.each([
    ["06:00", "2026-01-24T01:00:00Z", "2026-01-24T05:00:00.000Z"],
    ["06:00", "2026-01-24T05:00:00Z", "2026-01-25T05:00:00.000Z"],
    ["06:00", "2026-07-01T20:00:00Z", "2026-07-02T04:00:00.000Z"],
    // Skipped by the clocks: as much later as they are set forward.
    ["02:30", "2026-03-28T23:00:00Z", "2026-03-29T01:30:00.000Z"],
    // Twice: the first one.
    ["02:30", "2026-10-24T23:00:00Z", "2026-10-25T00:30:00.000Z"],
  ])("%s after %s is at %s", (time, after, expected) => {
    const at = nextTimeOfDay(time, { timeZone: zone, after: Date.parse(after) });
    expect(new Date(at).toISOString()).toBe(expected);
  });
});
