import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { all, put, useTempDirs } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRecommendationFile } from "../src/recommendations/read-part.js";
import type { Recommendation } from "../src/recommendations/recommendation.js";
import type { PartFormat } from "../src/recommendations/write-part.js";
import { writePart } from "../src/recommendations/write-part.js";

const tempDir = useTempDirs();
const FORMATS: PartFormat[] = ["parquet", "jsonl"];

const recommendation: fc.Arbitrary<Recommendation> = fc.record({
  user: fc.string({ unit: "grapheme" }),
  items: fc.array(
    fc.record({
      item: fc.string({ unit: "grapheme" }),
      score: fc.double({ noNaN: true, noDefaultInfinity: true }).map((score) => score + 0),
      codes: fc.array(fc.nat(0xffff), { maxLength: 4 }),
    }),
    { maxLength: 4 },
  ),
});

function manyUsers(count: number): Recommendation[] {
  return Array.from({ length: count }, (_, user) => ({
    user: `user ${user}`,
    items: Array.from({ length: 5 }, (_, place) => ({
      item: `item ${user * place}`,
      score: -Math.log(user + place + 2),
      codes: [user % 256, place, 65_535],
    })),
  }));
}

describe.each(FORMATS)("a %s part", (format) => {
  it("reads back what was written, bit for bit", async () => {
    const directory = tempDir();
    const property = fc.asyncProperty(fc.array(recommendation, { maxLength: 5 }), async (list) => {
      const part = await writePart({ directory, name: "p", format, recommendations: list });
      expect(part.rows).toBe(list.length);
      expect(await all(readRecommendationFile({ path: join(directory, part.file) }))).toEqual(list);
    });
    await fc.assert(property, { numRuns: 20 });
  });

  it("is the same bytes for the same lists, and its figures are the file's", async () => {
    const directory = tempDir();
    const recommendations = manyUsers(10_000);
    const one = await writePart({ directory, name: "one", format, recommendations });
    const two = await writePart({ directory, name: "two", format, recommendations });
    expect(two).toEqual({ ...one, file: `two.${format}` });
    const bytes = readFileSync(join(directory, one.file));
    expect(one).toEqual({
      file: `one.${format}`,
      rows: 10_000,
      bytes: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
    });
    expect(await all(readRecommendationFile({ path: join(directory, `two.${format}`) }))).toEqual(
      recommendations,
    );
  });

  it.each([
    { score: Number.NaN, codes: [1] },
    { score: Number.NEGATIVE_INFINITY, codes: [1] },
    { score: 0, codes: [65_536] },
    { score: 0, codes: [-1] },
  ])("refuses %o and leaves nothing", async (bad) => {
    const directory = tempDir();
    const recommendations = [{ user: "u", items: [{ item: "i", ...bad }] }];
    await expect(
      writePart({ directory, name: "p", format, recommendations }),
    ).rejects.toMatchObject({
      code: "BAD_RECOMMENDATION",
    });
    expect(readdirSync(directory)).toEqual([]);
  });

  it("passes on errors of its source unchanged", async () => {
    const directory = tempDir();
    const broken = new Error("the model went away");
    const recommendations = (async function* () {
      yield { user: "u", items: [] };
      throw broken;
    })();
    await expect(writePart({ directory, name: "p", format, recommendations })).rejects.toBe(broken);
    expect(readdirSync(directory)).toEqual([]);
  });

  it("reports a directory that cannot be written", async () => {
    const directory = join(tempDir(), "none");
    const write = writePart({ directory, name: "p", format, recommendations: [] });
    await expect(write).rejects.toMatchObject({ code: "WRITE_FAILED" });
  });
});

describe("a file that holds no recommendations", () => {
  it("is refused with its place", async () => {
    const path = put(tempDir(), "r.jsonl", '{"user":"u","items":[]}\n{"user":1,"items":[]}\n');
    await expect(all(readRecommendationFile({ path }))).rejects.toMatchObject({
      code: "UNREADABLE",
      message: expect.stringContaining("line 2"),
    });
  });
});
