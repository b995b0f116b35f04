import { submitSchema } from "@nightbeam/api";
import { describe, expect, it } from "vitest";
import { assertDated, requestOfDate } from "../src/nights/night-record.js";
import { differences, sameSubmission } from "../src/runs/run-record.js";

const given = { target: "/t", draft: ["/d"], catalogue: "/c", histories: "/h", out: "/o" };
const submission = submitSchema.parse(given);

describe("a submission", () => {
  it("has everything decided", () => {
    expect(submission).toMatchObject({ topK: 10, beamWidth: 20, partSize: 256, scoring: "full" });
    expect(submitSchema.parse({ ...given, topK: 30 }).beamWidth).toBe(30);
    const small = submitSchema.parse({ ...given, partSize: 5 });
    expect(small.partSize).toBe(5);
    for (const one of [submission, small]) expect(submitSchema.parse(one)).toEqual(one);
  });

  it.each([
    [{ topK: 30, beamWidth: 10 }, /beams?|keeps/],
    [{ draft: [], draftWidth: [4] }, /needs a `draft`/],
    [{ topK: 0 }, /./],
    [{ colour: "red" }, /colour/],
    [{ out: "lists" }, /absolute path/],
    [{ partSize: 0 }, /at least 1/],
  ])("is refused with %j", (more, message) => {
    const parsed = submitSchema.safeParse({ ...given, ...more });
    expect(parsed.error?.message).toMatch(message);
  });

  it("is the same in any order of keys, and lists the differences", () => {
    const shuffled = submitSchema.parse(Object.fromEntries(Object.entries(given).reverse()));
    expect(sameSubmission(shuffled, submission)).toBe(true);
    const other = submitSchema.parse({ ...given, out: "/elsewhere", limit: 5 });
    expect(sameSubmission(other, submission)).toBe(false);
    expect(differences(submission, other)).toBe(
      "`out` was /o and is /elsewhere; `limit` was not set and is 5",
    );
    const wide = submitSchema.parse({ ...given, draftWidth: [32] });
    expect(differences(wide, submission)).toBe("`draftWidth` was 32 and is auto");
  });
});

describe("a night's request", () => {
  it("has the night's date in its paths", () => {
    const nightly = submitSchema.parse({
      ...given,
      out: "/o/{date}",
      histories: "/h-{date}.jsonl",
      candidates: "/c/{date}/*.jsonl",
      acceptAbove: -9,
      acceptNewAbove: -20,
      trainedOn: "/t-{date}",
    });
    expect(requestOfDate(nightly, "2026-11-21")).toMatchObject({
      out: "/o/2026-11-21",
      histories: "/h-2026-11-21.jsonl",
      candidates: "/c/2026-11-21/*.jsonl",
      trainedOn: "/t-2026-11-21",
      target: "/t",
    });
  });

  it("must not write every night to the same place", () => {
    expect(() => assertDated(submission)).toThrow("Add {date} to it, as in /o/{date}.");
    expect(() => assertDated(submitSchema.parse({ ...given, out: "/o/{date}" }))).not.toThrow();
  });
});
