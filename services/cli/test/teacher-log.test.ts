import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { childCount, findPrefix } from "@nightbeam/catalogue";
import { openCatalogue } from "@nightbeam/dataset";
import { type Scoring, treeOf } from "@nightbeam/decoding";
import { openModel } from "@nightbeam/model";
import { readManifest } from "@nightbeam/run";
import { succeed } from "@nightbeam/testing/command";
import { listsIn, listsOf } from "@nightbeam/testing/recommend";
import { parseTeacher } from "@nightbeam/testing/teacher";
import { flagsOf, type TestWorld, usersOf, useWorld } from "@nightbeam/testing/world";
import { describe, expect, it } from "vitest";

/** Users of all files of a log, file by file. */
async function usersIn(directory: string) {
  const files = (await readdir(directory)).toSorted();
  return files.flatMap((file) => parseTeacher(join(directory, file)).users);
}

async function promptsIn(directory: string): Promise<string[]> {
  const users = await usersIn(directory);
  return [...new Set(users.map(({ prompt }) => prompt.join(" ")))].toSorted();
}

/** The target's own answers to what a log holds, one call per user. */
async function answers(world: TestWorld, scoring: Scoring, directory: string) {
  const catalogue = await openCatalogue(world.catalogue);
  const { trie } = catalogue;
  const model = await openModel({
    directory: world.target,
    catalogue,
    scoring,
    precision: "fp32",
    cacheDirectory: world.path("cache"),
    workers: 1,
    threads: 1,
    cacheBytes: 0,
  });
  try {
    const users = await usersIn(directory);
    const isAsked = (node: number) => scoring === "full" || childCount(trie, node) > 1;
    const requests = users.map(({ prompt, nodes }, key) => {
      const known = nodes.map(({ path }) => findPrefix(trie, path));
      // Level by level, in each by code path: the order of the trie.
      expect(known).toEqual(known.toSorted((a, b) => a - b));
      return { key, prompt: Int32Array.from(prompt), tree: treeOf(trie, known.filter(isAsked)) };
    });
    const asked = await Promise.all(requests.map((request) => model.scorer.score([request])));
    const logged = users.map(({ nodes }) =>
      nodes.filter(({ path }) => isAsked(findPrefix(trie, path))).flatMap(({ values }) => values),
    );
    const certain = users.flatMap(({ nodes }) =>
      nodes.filter(({ path }) => !isAsked(findPrefix(trie, path))).map(({ values }) => values),
    );
    return { asked: asked.flat().map(({ logProbs }) => logProbs), logged, certain, model };
  } finally {
    await model.close();
  }
}

/** Whether values are the exact ones in binary16: half a step off, or half of the least number. */
function expectRounded(logged: readonly number[][], exact: readonly Float64Array[]): void {
  expect(logged.map(({ length }) => length)).toEqual(exact.map(({ length }) => length));
  const far = logged.flatMap((values, user) =>
    values.filter((value, at) => {
      const wanted = exact[user]?.[at] ?? Number.NaN;
      const step = Math.max(Math.abs(wanted) * 2 ** -11, 2 ** -25);
      return !(Math.abs(value - wanted) <= step);
    }),
  );
  expect(far).toEqual([]);
}

describe.each(["full", "renormalized"] as const)("a teacher log under %s scoring", (scoring) => {
  const world = useWorld({ users: 30 });
  const format = "jsonl";

  it("holds the target's own answers, and no list depends on it", async () => {
    const teacherLog = world().path("log");
    const plain = await listsIn(world(), { out: "plain", scoring, format });
    const drafted = { draft: world().draft, draftWidth: "24", partSize: "8" };
    const logging = { teacherLog, teacherSample: "1", ...drafted };
    expect(await listsIn(world(), { out: "logged", scoring, format, ...logging })).toEqual(plain);
    const { asked, logged, certain, model } = await answers(world(), scoring, teacherLog);
    expect(logged.length).toBeGreaterThan(20);
    expectRounded(logged, asked);
    // Certain prefixes are a matter of renormalized scoring.
    expect(certain.length > 0).toBe(scoring === "renormalized");
    for (const values of certain) expect(values).toEqual([0]);
    const [file = ""] = await readdir(teacherLog);
    expect(parseTeacher(join(teacherLog, file)).metadata).toMatchObject({
      target: model.hash,
      catalogue: (await openCatalogue(world().catalogue)).hash,
      scoring,
      levels: "3",
    });
  });

  it("holds the target's answers if items are excluded, too", async () => {
    const teacherLog = world().path("log-seen");
    const flags = { scoring, excludeSeen: true, teacherLog, teacherSample: "1" };
    await listsIn(world(), { out: "seen", ...flags });
    const { asked, logged } = await answers(world(), scoring, teacherLog);
    expectRounded(logged, asked);
  });
});

describe("a teacher log", () => {
  const world = useWorld({ users: 40 });
  const log = (name: string) => world().path(name);

  it("has the same users for any part size, more of them for a larger share", async () => {
    const share = { teacherSample: "0.4" };
    await listsIn(world(), { out: "a", teacherLog: log("log-a"), ...share });
    const cut = { partSize: "7", batchSize: "3", workers: "1" };
    await listsIn(world(), { out: "b", teacherLog: log("log-b"), ...share, ...cut });
    await listsIn(world(), { out: "c", teacherLog: log("log-c"), teacherSample: "1" });
    const some = await promptsIn(log("log-a"));
    const all = await promptsIn(log("log-c"));
    expect(await promptsIn(log("log-b"))).toEqual(some);
    expect(some.length).toBeGreaterThan(5);
    expect(some.length).toBeLessThan(30);
    expect(all).toEqual(expect.arrayContaining(some));
    // Every prompt once: users with the same history share theirs.
    const histories = (await usersOf(world())).map(({ history }) => history.slice(-5).join());
    expect(all.length).toBe(new Set(histories).size);
  });

  it("is the same bytes when the run is made again, in files that name the run and the part", async () => {
    const flags = { partSize: "10", teacherSample: "1" };
    await listsIn(world(), { out: "d", teacherLog: log("log-d"), ...flags });
    await listsIn(world(), { out: "e", teacherLog: log("log-e"), workers: "3", ...flags });
    const files = (await readdir(log("log-d"))).toSorted();
    expect(files).toHaveLength(4);
    for (const [part, file] of files.entries()) {
      expect(file).toMatch(new RegExp(`^[0-9a-f]{12}-part-0000${part}\\.safetensors$`));
      const bytes = await readFile(join(log("log-d"), file));
      expect(await readFile(join(log("log-e"), file))).toEqual(bytes);
      for (const { user } of await usersOf(world()))
        expect(bytes.includes(`"${user}"`)).toBe(false);
    }
    await listsIn(world(), { out: "f", topK: "5", teacherLog: log("log-d"), ...flags });
    expect(await readdir(log("log-d"))).toHaveLength(8);
  });

  it("is named in the manifest and on the terminal, and may change when a run is continued", async () => {
    const out = world().path("g");
    const before = await listsIn(world(), { out: "g", partSize: "10" });
    expect((await readManifest(out)).stats.teacherExamples).toBe(undefined);
    // As if it had been stopped after two parts.
    for (const file of ["manifest.json", "commits/part-00002.json", "commits/part-00003.json"]) {
      await rm(join(out, file));
    }
    const flags = [...flagsOf(world()), "--part-size", "10", "--out", out];
    const logging = ["--teacher-log", log("log-g"), "--teacher-sample", "1"];
    const { stdout } = await succeed("recommend", ...flags, ...logging);
    const { stats, parts } = await readManifest(out);
    const files = parts.map(({ teacherLog }) => teacherLog && basename(teacherLog).slice(13));
    const logged = ["part-00002.safetensors", "part-00003.safetensors"];
    expect(files).toEqual([undefined, undefined, ...logged]);
    expect(stats.teacherExamples).toBe((await usersIn(log("log-g"))).length);
    expect(stdout).toContain(`teacher log   ${stats.teacherExamples} prompts in ${log("log-g")}\n`);
    expect(await listsOf(out)).toEqual(before);
  });

  it("of no users is no file", async () => {
    const sample = { teacherLog: log("log-h"), teacherSample: "1e-9" };
    await listsIn(world(), { out: "h", ...sample });
    expect(await readdir(log("log-h"))).toEqual([]);
    const { stats, parts } = await readManifest(world().path("h"));
    expect(stats.teacherExamples).toBe(0);
    expect(parts[0]).not.toHaveProperty("teacherLog");
  });

  it("of another model or scoring is refused before a run is begun", async () => {
    const flags = { out: "never", teacherLog: log("log-a") };
    await expect(listsIn(world(), { ...flags, scoring: "renormalized" })).rejects.toThrow(
      /part-00000\.safetensors is teacher data of another scoring: full, but this run has renormalized\. Name another --teacher-log for this run\.$/,
    );
    await expect(listsIn({ ...world(), target: world().draft }, flags)).rejects.toThrow(
      "is teacher data of another target",
    );
    expect(existsSync(world().path("never"))).toBe(false);
  });

  it("samples by the prompt's hash, so that anyone can compute the sample", async () => {
    for (const { prompt } of await usersIn(log("log-a"))) {
      const digest = createHash("sha256").update(Int32Array.from(prompt)).digest("hex");
      expect(Number.parseInt(digest.slice(0, 12), 16) / 2 ** 48).toBeLessThan(0.4);
    }
  });
});
