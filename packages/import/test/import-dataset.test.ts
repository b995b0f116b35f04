import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { readHistories } from "@nightbeam/dataset";
import { all, put, useTempDirs } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amazonFiles } from "../src/amazon.js";
import { importDataset } from "../src/import-dataset.js";
import type { Row } from "./files.js";
import { histories, importInto, jsonLines, lines, reviews } from "./files.js";

const tempDir = useTempDirs();

async function filesOf(dir: string, rows: readonly Row[]) {
  return amazonFiles({ reviews: put(dir, "reviews.json", reviews(rows)) });
}

describe("the core", () => {
  /** d goes at once, then w, which had it, then c, then x. */
  const cascade: Row[] = [
    ["u", "a", 1],
    ["u", "b", 2],
    ["v", "a", 3],
    ["v", "b", 4],
    ["w", "c", 5],
    ["w", "d", 6],
    ["x", "c", 7],
    ["x", "a", 8],
  ];

  it("repeats until every user and item has enough events", async () => {
    const dir = tempDir();
    const files = await filesOf(dir, cascade);
    const report = await importInto(dir, { files, core: 2, shares: [1, 0, 0] });
    expect(histories(dir, "out", "train.jsonl")).toEqual(["u: a b", "v: a b"]);
    expect(jsonLines(dir, "out", "items.jsonl")).toHaveLength(2);
    expect(report).toMatchObject({ users: 2, items: 2, events: 4, outsideCore: 4, coreRounds: 4 });
  });

  it("counts a repeated item once, and says when nothing is left", async () => {
    const dir = tempDir();
    const files = await filesOf(dir, [...cascade.slice(0, 3), ["u", "a", 9], ["v", "a", 9]]);
    await expect(importInto(dir, { files, core: 2 })).rejects.toMatchObject({
      code: "NOTHING_LEFT",
      message: expect.stringContaining("2 events each"),
    });
    expect(readdirSync(dir)).toEqual(["reviews.json"]);
  });
});

describe("the split", () => {
  const parts = async (times: readonly number[], shares: readonly [number, number, number]) => {
    const dir = tempDir();
    const files = await filesOf(
      dir,
      times.map((time, place): Row => ["u", `i${place}`, time]),
    );
    const report = await importInto(dir, { files, shares });
    return [report.trainEvents, report.validEvents, report.testEvents];
  };

  it("cuts at the shares of all events", async () => {
    expect(await parts([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [8, 1, 1])).toEqual([8, 1, 1]);
    expect(await parts([1, 2, 3, 4], [2, 1, 1])).toEqual([2, 1, 1]);
    expect(await parts([1, 2, 3, 4], [1, 0, 0])).toEqual([4, 0, 0]);
  });

  it("keeps events of one moment together, in the later part", async () => {
    expect(await parts([1, 2, 3, 4, 5, 6, 7, 9, 9, 10], [8, 1, 1])).toEqual([7, 2, 1]);
    expect(await parts([1, 2, 3, 4, 5, 6, 7, 8, 10, 10], [8, 1, 1])).toEqual([8, 0, 2]);
    expect(await parts([5, 5, 5], [8, 1, 1])).toEqual([0, 0, 3]);
  });

  it("puts users into the parts of their events", async () => {
    const dir = tempDir();
    const files = await filesOf(dir, [
      ["past", "a", 1],
      ["past", "b", 2],
      ["both", "a", 3],
      ["one", "a", 4],
      ["valid", "a", 5],
      ["past", "c", 6],
      ["valid", "b", 7],
      ["both", "b", 7],
      ["both", "c", 8],
      ["late", "c", 9],
    ]);
    const report = await importInto(dir, { files, shares: [6, 2, 2] });
    expect(histories(dir, "out", "histories.jsonl")).toEqual(["both: a b"]);
    expect(histories(dir, "out", "held-out.jsonl")).toEqual(["both: c"]);
    expect(histories(dir, "out", "train.jsonl")).toEqual(["past: a b c", "valid: a b"]);
    expect(histories(dir, "out", "valid.jsonl")).toEqual(["both: b", "valid: b"]);
    expect(report).toMatchObject({
      testUsers: 1,
      trainUsers: 2,
      validUsers: 2,
      usersWithoutHistory: 1,
      usersWithOneEvent: 1,
      validFrom: "1970-01-01T00:00:07.000Z",
      testFrom: "1970-01-01T00:00:08.000Z",
    });
  });
});

describe("an import", () => {
  it("keeps the first of a repeated item, and the order of the file at one moment", async () => {
    const dir = tempDir();
    const files = await filesOf(dir, [
      ["u", "again", 9],
      ["u", "z", 5],
      ["u", "a", 5],
      ["u", "m", 5],
      ["u", "again", 1],
      ["u", "z", 5],
    ]);
    const report = await importInto(dir, { files, shares: [1, 0, 0] });
    expect(histories(dir, "out", "train.jsonl")).toEqual(["u: again z a m"]);
    expect(report.repeated).toBe(2);
  });

  it("lists bad lines with their numbers, and passes over blank ones", async () => {
    const dir = tempDir();
    const good = reviews([
      ["u", "a", 1],
      ["u", "b", 2],
    ]);
    const path = put(
      dir,
      "reviews.json",
      `${good}\n{"reviewerID": "u"\n{"reviewerID": 1.5}\n${reviews([["u", "c", 3]])}`,
    );
    const files = await amazonFiles({ reviews: path });
    await importInto(dir, { files, shares: [1, 0, 0] });
    expect(jsonLines(dir, "out", "rejected.jsonl")).toEqual([
      { file: path, line: 4, reason: "not valid JSON" },
      {
        file: path,
        line: 5,
        reason: "reviewerID 1.5 is not a whole number within 2^53: write it as a text",
      },
    ]);
  });

  it.each([
    ["of another format", lines("userId,movieId", "1,2", "3,4")],
    ["of other columns", lines('{"user": "u", "item": "i"}')],
    ["that is empty", ""],
  ])("refuses a file %s, and leaves no files", async (_, text) => {
    const dir = tempDir();
    const files = await amazonFiles({ reviews: put(dir, "reviews.json", text) });
    await expect(importInto(dir, { files })).rejects.toMatchObject({
      code: "UNKNOWN_FORMAT",
      message: expect.stringContaining("reviewerID, asin, overall, unixReviewTime"),
    });
    expect(readdirSync(dir)).toEqual(["reviews.json"]);
  });

  it("does not touch an existing directory", async () => {
    const dir = tempDir();
    const files = await filesOf(dir, [["u", "a", 1]]);
    mkdirSync(join(dir, "out"));
    await expect(importDataset({ files, out: join(dir, "out") })).rejects.toMatchObject({
      code: "BAD_OPTION",
    });
    expect(existsSync(join(dir, "out", "import.json"))).toBe(false);
  });

  it("is read by readHistories, for any events, and loses none of them", async () => {
    const row = fc.tuple(
      fc.constantFrom("u", 'v "', "w::é", "x,\t"),
      fc.constantFrom("a", "b", "c", "d", "e"),
      fc.integer({ min: 0, max: 12 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 40 }), async (rows) => {
        const dir = tempDir();
        const report = await importInto(dir, { files: await filesOf(dir, rows) });
        const read = new Map<string, string[]>();
        for (const name of ["histories", "train", "held-out"]) {
          for (const found of await all(
            readHistories({ path: join(dir, "out", `${name}.jsonl`) }),
          )) {
            if (found.kind !== "history") throw new Error(found.detail);
            read.set(found.user, [...(read.get(found.user) ?? []), ...found.items]);
          }
        }
        for (const [user, items] of read) expect(items).toEqual(expected(rows, user));
        const { users, usersWithoutHistory, usersWithOneEvent } = report;
        expect(read.size).toBe(users - usersWithoutHistory - usersWithOneEvent);
      }),
      { numRuns: 12 },
    );
  });
});

/** A user's items by the book: sorted by time, then by line, the first of each. */
function expected(rows: readonly Row[], user: string): string[] {
  const own = rows.filter(([name]) => name === user).toSorted((one, other) => one[2] - other[2]);
  return [...new Set(own.map(([, item]) => item))];
}
