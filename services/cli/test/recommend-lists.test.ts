import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readManifest } from "@nightbeam/run";
import { succeed } from "@nightbeam/testing/command";
import { listsIn, listsOf } from "@nightbeam/testing/recommend";
import { flagsOf, usersOf, useWorld } from "@nightbeam/testing/world";
import { beforeAll, describe, expect, it } from "vitest";
import { referenceSearch } from "./support/beam-search.js";

describe("recommend", () => {
  const world = useWorld();
  let printed = "";
  const out = () => world().path("parquet");

  beforeAll(async () => {
    const drafted = ["--draft", world().draft, "transitions", "--draft-width", "24,24"];
    const flags = [...flagsOf(world()), ...drafted, "--part-size", "25", "--out", out()];
    printed = (await succeed("recommend", ...flags)).stdout;
  });

  it("gives every user the items of a beam search written from the definition", async () => {
    const search = await referenceSearch(world(), {
      levels: 3,
      codesPerLevel: 12,
      maxItems: 5,
      beamWidth: 20,
    });
    const users = await usersOf(world());
    const lists = await listsOf(out());
    expect(lists.map(({ user }) => user)).toEqual(users.map(({ user }) => user));
    for (const [at, { items }] of lists.slice(0, 20).entries()) {
      const beams = search(users[at]?.history ?? []);
      const paths = beams.map(({ path }) => path.join());
      const ranks = items.map(({ codes }) => paths.indexOf(codes.join()));
      expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
      expect([...new Set(ranks)]).toEqual([...new Set(ranks)].map((_, rank) => rank));
      for (const [place, { score }] of items.entries()) {
        expect(score).toBeCloseTo(beams[ranks[place] ?? -1]?.score ?? Number.NaN, 4);
      }
    }
  });

  it("writes a manifest that names every figure and file", async () => {
    const { users, rejected, stats, versions, parts } = await readManifest(out());
    expect({ users, rejected }).toEqual({ users: 60, rejected: 0 });
    expect(stats.targetCalls).toBeGreaterThan(0);
    expect(stats.callsPerUser).toBeCloseTo((stats.targetCalls ?? 0) / (stats.searches ?? 0));
    expect(stats.nodesPerUser).toBeCloseTo((stats.nodes ?? 0) / (stats.searches ?? 0));
    expect(stats.usersPerSecond).toBeCloseTo(60 / (stats.wallSeconds ?? 0));
    const hash = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(versions).toEqual({ target: hash, draft: hash, catalogue: hash, histories: hash });
    expect(parts.map(({ rows }) => rows)).toEqual([25, 25, 10]);
    for (const { file, sha256, bytes } of parts) {
      const content = await readFile(join(out(), file));
      expect(content.length).toBe(bytes);
      expect(createHash("sha256").update(content).digest("hex")).toBe(sha256);
    }
  });

  it("says what it did", async () => {
    const { stats } = await readManifest(out());
    expect(printed).toMatch(/^users {9}60$/m);
    expect(printed).toContain(`target calls  ${stats.callsPerUser?.toFixed(2)} per user`);
    expect(printed).toMatch(/^time {10}0:\d\d, [\d.]+ users\/s$/m);
    expect(printed).toMatch(/manifest\.json names 3 part files$/m);
  });

  it("writes the same lists as JSONL", async () => {
    const flags = ["--format", "jsonl", "--out", world().path("jsonl")];
    await succeed("recommend", ...flagsOf(world()), ...flags);
    expect(await listsOf(world().path("jsonl"))).toEqual(await listsOf(out()));
  });
});

describe.each(["full", "renormalized"] as const)("the lists under %s scoring", (scoring) => {
  const world = useWorld({ users: 40 });
  const format = "jsonl";

  it("depend neither on the draft nor on batches, parts, threads or the prompt cache", async () => {
    const { draft } = world();
    const plain = await listsIn(world(), { out: "plain", scoring, format });
    expect(plain).toHaveLength(40);
    const ways: Record<string, Record<string, unknown>> = {
      model: { draft, draftWidth: "30" },
      "one width per level": { draft, draftWidth: "12,40" },
      transitions: { draft: "transitions", draftWidth: "30" },
      both: { draft: [draft, "transitions"], draftWidth: "30" },
      auto: { draft, batchSize: "1" },
      "the target itself": { draft: world().target, draftWidth: "40" },
      "small batches": { batchSize: "3" },
      "one worker": { workers: "1", batchSize: "7", partSize: "11" },
      "three workers": { workers: "3", draft, draftWidth: "20" },
      "no prompt cache": { promptCache: "0" },
    };
    // The second scoring goes the same ways: a few of them are enough.
    const tried =
      scoring === "full" ? ways : { both: ways.both, "small batches": ways["small batches"] };
    for (const [name, flags] of Object.entries(tried)) {
      // Scores too are equal to the last bit.
      expect(await listsIn(world(), { out: name, scoring, format, ...flags }), name).toEqual(plain);
    }
  });

  it("are a draft for the next run, which changes none of them", async () => {
    const last = world().path("last");
    await listsIn(world(), { out: "last", scoring, format, topK: "20" });
    // Narrower than the lists, so that they hold about all that its beams begin with.
    const narrow = { scoring, format, topK: "2", beamWidth: "2" };
    const plain = await listsIn(world(), { ...narrow, out: "narrow" });
    const calls = async (out: string) => (await readManifest(world().path(out))).stats.callsPerUser;
    const ways: Record<string, string[]> = {
      previous: [`previous:${last}`],
      candidates: [`candidates:${last}`, "retrieval"],
    };
    for (const [out, draft] of Object.entries(ways)) {
      const lists = await listsIn(world(), { ...narrow, out, draft, draftWidth: "12" });
      expect(lists, out).toEqual(plain);
      expect(await calls(out), out).toBeLessThan(0.8 * ((await calls("narrow")) ?? 0));
    }
  });
});
