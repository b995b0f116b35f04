import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { all, put, useTempDirs } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRecommendationFile } from "../src/recommendations/read-part.js";
import type { Recommendation } from "../src/recommendations/recommendation.js";
import type { PartFormat, PartLayout } from "../src/recommendations/write-part.js";
import { writePart } from "../src/recommendations/write-part.js";
import { runSql } from "./run-sql.js";

const tempDir = useTempDirs();
const FORMATS: PartFormat[] = ["parquet", "jsonl"];

const LAYOUTS: PartLayout[] = ["nested", "flat"];
const KINDS = FORMATS.flatMap((format) => LAYOUTS.map((layout) => ({ format, layout })));

const score = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const recommendation: fc.Arbitrary<Recommendation> = fc.record({
  user: fc.string({ unit: "grapheme" }),
  items: fc.array(
    fc.record({
      item: fc.string({ unit: "grapheme" }),
      score,
      logProb: score,
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
      logProb: -Math.log(user + place + 3),
      codes: [user % 256, place, 65_535],
    })),
  }));
}

describe.each(KINDS)("a part in $format, $layout", ({ format, layout }) => {
  it("reads back what was written, bit for bit", async () => {
    const directory = tempDir();
    const property = fc.asyncProperty(fc.array(recommendation, { maxLength: 5 }), async (list) => {
      const kind = { format, layout };
      const part = await writePart({ directory, name: "p", ...kind, recommendations: list });
      expect(part.rows).toBe(list.length);
      const kept = layout === "flat" ? list.filter(({ items }) => items.length > 0) : list;
      expect(await all(readRecommendationFile({ path: join(directory, part.file) }))).toEqual(kept);
    });
    await fc.assert(property, { numRuns: 10 });
  });

  it("is the same bytes for the same lists, and its figures are the file's", async () => {
    const directory = tempDir();
    const recommendations = manyUsers(5_000);
    const one = await writePart({ directory, name: "one", format, layout, recommendations });
    const two = await writePart({ directory, name: "two", format, layout, recommendations });
    expect(two).toEqual({ ...one, file: `two.${format}` });
    const bytes = readFileSync(join(directory, one.file));
    expect(one).toEqual({
      file: `one.${format}`,
      rows: 5_000,
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
    { score: 0, logProb: Number.NEGATIVE_INFINITY, codes: [1] },
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

describe("lists of other writers", () => {
  const lists = (scores: readonly number[]) =>
    scores.map((one) => ({ user: "u", items: [{ item: "i", score: one, codes: [1, 2] }] }));

  it("are read without ranks and log-probabilities, as earlier versions wrote them", async () => {
    const path = join(tempDir(), "old.parquet");
    await runSql(
      "COPY (SELECT 'u' AS user, [{item: 'i', score: -1.5::DOUBLE, codes: [1, 2]}] AS items) " +
        `TO '${path}' (FORMAT parquet)`,
    );
    expect(await all(readRecommendationFile({ path }))).toEqual(lists([-1.5]));
    const text = '{"user":"u","items":[{"item":"i","score":-1.5,"codes":[1,2]}]}';
    const jsonl = put(tempDir(), "old.jsonl", text);
    expect(await all(readRecommendationFile({ path: jsonl }))).toEqual(lists([-1.5]));
  });

  it("are two for a user who comes twice, if the rows have ranks", async () => {
    const directory = tempDir();
    for (const format of FORMATS) {
      const recommendations = lists([-1, -2]);
      const kind = { format, layout: "flat" } as const;
      const { file } = await writePart({ directory, name: "p", ...kind, recommendations });
      const path = join(directory, file);
      expect(await all(readRecommendationFile({ path }))).toEqual(recommendations);
    }
  });

  it("have the documented columns", async () => {
    const directory = tempDir();
    const item = { item: "i", score: -1, logProb: -2, codes: [1, 2] };
    const recommendations = [{ user: "u", items: [item, item] }];
    for (const layout of LAYOUTS) {
      await writePart({ directory, name: layout, format: "jsonl", layout, recommendations });
    }
    const stored = (rank: number) => {
      return { rank, item: "i", score: -1, log_prob: -2, codes: [1, 2] };
    };
    const read = (name: string) => readFileSync(join(directory, `${name}.jsonl`), "utf8");
    expect(read("nested")).toBe(
      `${JSON.stringify({ user: "u", items: [stored(1), stored(2)] })}\n`,
    );
    expect(read("flat")).toBe(
      [1, 2].map((rank) => `${JSON.stringify({ user: "u", ...stored(rank) })}\n`).join(""),
    );
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
