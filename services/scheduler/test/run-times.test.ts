import { describe, expect, it } from "vitest";
import { partialRetries } from "../src/runs/partial-retries.js";
import { timesOfNight, timesOfSubmission } from "../src/runs/run-times.js";

const night = { cron: "0 22 * * *", timeZone: "Europe/Berlin" };
const at = (time: string) => Date.parse(`2026-11-${time}:00Z`);
const startsAt = at("20T21:00");

describe("the times of a run", () => {
  it("are the night's due time, and until when it is tried again", () => {
    expect(timesOfNight({ ...night, due: "06:00" }, { startsAt, now: startsAt })).toEqual({
      dueAt: "2026-11-21T05:00:00.000Z",
      retryUntil: "2026-11-21T05:00:00.000Z",
    });
    expect(timesOfNight(night, { startsAt, now: startsAt })).toEqual({
      retryUntil: "2026-11-21T09:00:00.000Z",
    });
    // It starts when it is late already.
    const late = at("21T15:00");
    expect(timesOfNight({ ...night, due: "06:00" }, { startsAt, now: late })).toEqual({
      dueAt: "2026-11-21T05:00:00.000Z",
      retryUntil: "2026-11-21T21:00:00.000Z",
    });
  });

  it("are those of a submission, which is not due in the past", () => {
    expect(timesOfSubmission({}, startsAt)).toEqual({});
    expect(timesOfSubmission({ retryPartial: true }, startsAt)).toEqual({
      retryUntil: "2026-11-21T09:00:00.000Z",
    });
    const due = "2026-11-21T06:00:00+01:00";
    expect(timesOfSubmission({ due, retryPartial: true }, startsAt)).toEqual({
      dueAt: "2026-11-21T05:00:00.000Z",
      retryUntil: "2026-11-21T05:00:00.000Z",
    });
    expect(() => timesOfSubmission({ due }, at("21T05:00"))).toThrow(/is over/);
  });
});

describe("a partial run", () => {
  it("is tried again with growing pauses after each end, until its time is over", () => {
    let minutes = 0;
    const retries = partialRetries({
      clock: { now: () => startsAt + minutes * 60_000 },
      elapsed: () => minutes * 60_000,
    });
    const record = { runId: "r-1", retryUntil: "2026-11-21T09:00:00.000Z" };
    const pauses: number[] = [];
    for (let end = 0; end < 7; end++) {
      const began = minutes;
      const view = { state: "partial", record, endedAt: `end ${end}` } as const;
      while (!retries.takes(view)) minutes += 0.5;
      pauses.push(minutes - began);
      minutes += 10;
    }
    expect(pauses).toEqual([1, 2, 4, 8, 15, 15, 15]);
    const view = { state: "partial", record, endedAt: "again" } as const;
    expect(retries.reason(view)).toBe(
      "it is tried again in about 15 min, until 2026-11-21T09:00:00.000Z",
    );
    expect(retries.takes({ ...view, state: "running" })).toBe(false);
    expect(retries.takes({ ...view, record: { runId: "r-2" } })).toBe(false);
    minutes = 720;
    expect(retries.takes(view)).toBe(false);
    expect(retries.reason(view)).toBeUndefined();
  });
});
