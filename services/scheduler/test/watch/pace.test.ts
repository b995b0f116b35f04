import { describe, expect, it } from "vitest";
import { lateness, type PaceSample, timeLeft, withSample } from "../../src/runs/watch/pace.js";

const MINUTE = 60_000;

describe("the pace of a run", () => {
  it("is measured over the last half hour, and slows down while nothing is committed", () => {
    let samples: PaceSample[] = [];
    // 10 rows a second at first, then 1.
    for (let at = 0; at <= 60 * MINUTE; at += 5_000) {
      const fast = Math.min(at, 20 * MINUTE) / 100;
      samples = withSample(samples, { at, rows: fast + Math.max(0, at - 20 * MINUTE) / 1_000 });
    }
    expect(samples.length).toBeLessThan(130);
    const rows = (samples.at(-1)?.rows ?? 0) + 600;
    const left = timeLeft(samples, { now: 60 * MINUTE, rows }) ?? 0;
    expect(left / MINUTE).toBeCloseTo(10, 0);
    const later = timeLeft(samples, { now: 90 * MINUTE, rows }) ?? 0;
    expect(later / MINUTE).toBeCloseTo(20, 0);
  });

  it("is not known before something was committed and some time has passed", () => {
    const none = withSample([], { at: 0, rows: 0 });
    expect(timeLeft([], { now: MINUTE, rows: 9 })).toBeUndefined();
    expect(timeLeft(none, { now: MINUTE, rows: 9 })).toBeUndefined();
    const one = withSample(none, { at: 1_000, rows: 5 });
    expect(timeLeft(one, { now: 2_000, rows: 10 })).toBeUndefined();
    expect(timeLeft(one, { now: MINUTE, rows: 10 })).toBe(MINUTE);
    expect(timeLeft(one, { now: MINUTE, rows: 5 })).toBe(0);
  });

  it.each([
    ["enough time", { leftMs: 50 }, "in-time"],
    ["too little", { leftMs: 101 }, "late"],
    ["just enough, but it was late", { leftMs: 98, wasLate: true }, "late"],
    ["enough again", { leftMs: 90, wasLate: true }, "in-time"],
    ["it stands still", { leftMs: 1, stalled: "no drafter" }, "late"],
    ["nothing known, much time", { leftMs: undefined }, "in-time"],
    ["nothing known, little time", { leftMs: undefined, submittedAt: -2_000 }, "late"],
    ["over", { leftMs: 0, now: 100 }, "missed"],
  ] as const)("%s", (_, given, expected) => {
    const facts = { now: 0, dueAt: 100, submittedAt: -100, stalled: undefined, wasLate: false };
    expect(lateness({ ...facts, ...given })).toBe(expected);
  });
});
