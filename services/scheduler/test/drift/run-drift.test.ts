import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type PartFormat, type Recommendation, writePart } from "@nightbeam/dataset";
import { openStore } from "@nightbeam/store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareSamples } from "../../src/drift/compare-samples.js";
import { type CompleteRun, runDrift } from "../../src/drift/run-drift.js";

const list = (user: string, items: readonly string[], score = -1): Recommendation => ({
  user,
  items: items.map((item, rank) => ({ item, score: score - rank, codes: [1] })),
});

describe("compareSamples", () => {
  test("compares the users that both sides have", () => {
    const before = [list("a", ["1", "2"], -1), list("b", ["1", "2"], -3), list("gone", ["1"])];
    const now = [list("a", ["1", "3"], -2), list("b", ["2", "1"], -2), list("new", ["1"])];
    expect(compareSamples(before, now)).toEqual({
      sampledUsers: 2,
      overlap: 0.75,
      sameFirst: 0.5,
      topScore: { before: -2, now: -2 },
    });
  });

  test("has no figures without such users, and leaves empty lists out", () => {
    expect(compareSamples([list("a", [])], [list("a", ["1"])])).toEqual({ sampledUsers: 0 });
    expect(compareSamples([list("a", ["1"])], [list("a", [])])).toEqual({ sampledUsers: 0 });
  });
});

describe("runDrift", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "nightbeam-drift-"));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  async function run(
    id: string,
    { lists, partSize, format }: { lists: Recommendation[]; partSize: number; format: PartFormat },
  ): Promise<CompleteRun> {
    const out = join(directory, id);
    await mkdir(out);
    const parts = [];
    for (let firstRow = 0; firstRow < lists.length; firstRow += partSize) {
      const recommendations = lists.slice(firstRow, firstRow + partSize);
      const name = `part-${String(parts.length).padStart(5, "0")}`;
      const { file } = await writePart({ directory: out, name, format, recommendations });
      parts.push({ file, firstRow, rowCount: recommendations.length });
    }
    const manifest = {
      format,
      users: lists.length,
      rejected: 3,
      stats: { callsPerUser: 1.5 },
      parts,
    };
    return { id, manifest, output: { store: await openStore(out) } };
  }

  test.each(["jsonl", "parquet"] as const)("finds moved users in %s", async (format) => {
    const users = Array.from({ length: 240 }, (_, at) => `u${at}`);
    const before = await run(`${format}-before`, {
      ...{ format, partSize: 10 },
      lists: users.map((user) => list(user, ["a", "b"])),
    });
    // Some users are new and come first; every fourth list has another second item.
    const now = await run(`${format}-now`, {
      ...{ format, partSize: 12 },
      lists: [
        ...Array.from({ length: 6 }, (_, at) => list(`new${at}`, ["a"])),
        ...users.map((user, at) => list(user, ["a", at % 4 === 0 ? "c" : "b"])),
      ],
    });
    // The first part is not among those that are read.
    await rm(join(directory, `${format}-now`, "part-00000.jsonl"), { force: true });
    const drift = await runDrift({ before, now }, AbortSignal.timeout(60_000));
    expect(drift).toMatchObject({
      against: `${format}-before`,
      users: { before: 240, now: 246 },
      rejected: { before: 3, now: 3 },
      callsPerUser: { before: 1.5, now: 1.5 },
      sampledUsers: 96,
      sameFirst: 1,
    });
    expect(drift.overlap).toBeCloseTo(1 - 1 / 8, 12);
  });
});
