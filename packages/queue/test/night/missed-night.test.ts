import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assertTimetable, lastNight, localDate, nextNight } from "../../src/night/local-night.js";
import { missedNight } from "../../src/night/missed-night.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const berlin = { cron: "30 2 * * *", timeZone: "Europe/Berlin" };

function at(text: string): number {
  return Date.parse(text);
}

describe("the night that is due", () => {
  it.each([
    // Clocks go forward over 02:30 on 29 March: it starts an hour later by the clock.
    ["2026-03-29T01:29Z", berlin, "2026-03-28"],
    ["2026-03-29T01:30Z", berlin, "2026-03-29"],
    ["2026-03-30T00:29Z", berlin, "2026-03-29"],
    ["2026-03-30T00:30Z", berlin, "2026-03-30"],
    // Clocks go back over 02:30 on 25 October: it comes twice, the date does not.
    ["2026-10-25T00:29Z", berlin, "2026-10-24"],
    ["2026-10-25T00:30Z", berlin, "2026-10-25"],
    ["2026-10-25T01:30Z", berlin, "2026-10-25"],
    ["2026-10-26T01:30Z", berlin, "2026-10-26"],
    // Midnight itself is skipped.
    ["2026-09-06T12:00Z", { cron: "0 0 * * *", timeZone: "America/Santiago" }, "2026-09-06"],
    // The date is local, not that of UTC.
    ["2026-11-03T15:00Z", { cron: "0 0 * * *", timeZone: "Asia/Tokyo" }, "2026-11-04"],
    // Not every night.
    ["2026-11-04T12:00Z", { cron: "0 1 * * 1", timeZone: "UTC" }, "2026-11-02"],
    ["2026-11-04T12:00Z", { cron: "0 1 29 2 *", timeZone: "UTC" }, "2024-02-29"],
  ])("is at %s, for %j, the one of %s", (now, timetable, date) => {
    expect(lastNight(timetable, at(now))?.date).toBe(date);
  });

  const zones = ["UTC", "Europe/Berlin", "America/New_York", "America/Santiago", "Asia/Kolkata"];

  it("exists for every date, once, in order", () => {
    const minutes = fc.record({ hour: fc.nat(23), minute: fc.nat(59) });
    const start = fc.integer({ min: at("2026-01-01T00:00Z"), max: at("2027-12-01T00:00Z") });
    fc.assert(
      fc.property(minutes, fc.constantFrom(...zones), start, ({ hour, minute }, timeZone, from) => {
        const timetable = { cron: `${minute} ${hour} * * *`, timeZone };
        const dates = new Set<string>();
        for (let now = from; now < from + 4 * DAY; now += 6 * HOUR) {
          const night = lastNight(timetable, now);
          expect(night?.startsAt).toBeLessThanOrEqual(now);
          dates.add(night?.date ?? "none");
        }
        const list = [...dates];
        expect(list).toEqual(list.toSorted());
        for (const [place, date] of list.entries()) {
          const first = Date.parse(`${list[0]}T00:00Z`);
          expect(date).toBe(new Date(first + place * DAY).toISOString().slice(0, 10));
        }
      }),
      { numRuns: 25 },
    );
  });

  it("comes after the last one", () => {
    const now = at("2026-11-03T12:00Z");
    expect(nextNight(berlin, now)).toEqual({
      date: "2026-11-04",
      startsAt: at("2026-11-04T01:30Z"),
    });
  });

  it.each([
    ["61 2 * * *", "UTC"],
    ["0 0 31 2 *", "UTC"],
    ["nonsense", "UTC"],
    ["0 2 * * *", "Mars/Olympus"],
  ])("is refused for %j in %s", (cron, timeZone) => {
    expect(() => assertTimetable({ cron, timeZone })).toThrow(
      expect.objectContaining({ code: "BAD_JOB" }),
    );
  });
});

describe("a missed night", () => {
  const due = at("2026-11-03T01:30Z");
  const base = { ...berlin, graceMs: HOUR };

  it("is one that has not started by the end of the grace", () => {
    const early = { ...base, now: due + HOUR - 1, lastStarted: "2026-11-02" };
    expect(missedNight(early)).toBeUndefined();
    const late = { ...early, now: due + HOUR };
    expect(missedNight(late)).toEqual({ date: "2026-11-03", startsAt: due });
    expect(missedNight({ ...late, lastStarted: "2026-11-03" })).toBeUndefined();
  });

  it("is only the latest of several", () => {
    const options = { ...base, now: due + 2 * HOUR, lastStarted: "2026-10-20" };
    expect(missedNight(options)?.date).toBe("2026-11-03");
  });

  it("is never one before the creation of the schedule", () => {
    const options = { ...base, now: due + 2 * HOUR, lastStarted: undefined };
    expect(missedNight(options)?.date).toBe("2026-11-03");
    expect(missedNight({ ...options, since: due + 1 })).toBeUndefined();
    expect(missedNight({ ...options, since: due })?.date).toBe("2026-11-03");
  });

  it("is never reported once it has started", () => {
    const now = fc.integer({ min: at("2026-01-01T00:00Z"), max: at("2027-12-01T00:00Z") });
    fc.assert(
      fc.property(now, fc.nat(48 * HOUR), (moment, graceMs) => {
        const options = { ...berlin, now: moment, graceMs, lastStarted: undefined };
        const missed = missedNight(options);
        if (missed === undefined) return;
        expect(missed.startsAt + graceMs).toBeLessThanOrEqual(moment);
        expect(localDate(missed.startsAt, berlin.timeZone)).toBe(missed.date);
        expect(missedNight({ ...options, lastStarted: missed.date })).toBeUndefined();
      }),
      { numRuns: 40 },
    );
  });
});
