import { describe, expect, it } from "vitest";
import { dueTime } from "../../src/cluster-client/due.js";

const now = new Date(2026, 10, 21, 22, 30);

describe("a due time", () => {
  it.each([
    ["23:00", new Date(2026, 10, 21, 23, 0)],
    ["6:00", new Date(2026, 10, 22, 6, 0)],
    ["22:30", new Date(2026, 10, 22, 22, 30)],
    ["2026-11-25T06:00:00Z", new Date("2026-11-25T06:00:00Z")],
    ["2026-11-25T06:00+01:00", new Date("2026-11-25T05:00:00Z")],
  ])("%s is %s", (text, expected) => {
    expect(dueTime(text, now)).toBe(expected.toISOString());
  });

  it.each(["tomorrow", "25:00", "2026-11-25", "2026-11-25T06:00", "2026-13-25T06:00Z", "6"])(
    "%s is no time",
    (text) => {
      expect(() => dueTime(text, now)).toThrow(/is no time\. Write a time of day, as 06:00/);
    },
  );

  it("is not over", () => {
    expect(() => dueTime("2026-11-20T06:00:00Z", now)).toThrow(/is over/);
  });
});
