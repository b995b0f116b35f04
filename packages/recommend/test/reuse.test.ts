import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type RecommendEvent, recommendRun } from "@nightbeam/recommend";
import { directoryJournal, type Manifest } from "@nightbeam/run";
import { parseRecommendSettings } from "@nightbeam/settings";
import { below, refusal, seeded, useTempDirs } from "@nightbeam/testing";
import { useWorld } from "@nightbeam/testing/world";
import { describe, expect, it } from "vitest";

const USERS = 24;
const world = useWorld({ items: 120, users: USERS, levels: 3, codesPerLevel: 10, maxItems: 5 });
const fresh = useTempDirs();

interface Row {
  readonly user: string;
  readonly history: readonly string[];
}

async function run(
  out: string,
  {
    signal = new AbortController().signal,
    onEvent = () => undefined,
    ...more
  }: { signal?: AbortSignal; onEvent?: (event: RecommendEvent) => void } & Record<string, unknown>,
): Promise<Manifest> {
  const { target, catalogue, histories } = world();
  const usual = { workers: 1, format: "jsonl", partSize: 7, beamWidth: 6, topK: 5, batchSize: 4 };
  const settings = parseRecommendSettings({ target, catalogue, histories, out, ...usual, ...more });
  return (await recommendRun(settings, { onEvent, signal })).manifest;
}

/** The names and bytes of a run's part files. */
async function parts(out: string): Promise<Record<string, string>> {
  const names = (await readdir(join(out, "parts"))).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(out, "parts", name), "utf8")));
  return Object.fromEntries(names.map((name, at) => [name, texts[at] ?? ""]));
}

async function rows(): Promise<Row[]> {
  const lines = (await readFile(world().histories, "utf8")).trim().split("\n");
  return lines.map((line): Row => JSON.parse(line));
}

async function put(name: string, content: string): Promise<string> {
  const path = join(fresh(), name);
  await writeFile(path, content);
  return path;
}

function putRows(changed: readonly Row[]): Promise<string> {
  return put("histories.jsonl", changed.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

/** The catalogue without some of its items, with items on new and on known paths. */
async function otherCatalogue(seed: number): Promise<string> {
  const index: Record<string, string[]> = JSON.parse(await readFile(world().catalogue, "utf8"));
  const random = seeded(seed);
  const ids = Object.keys(index);
  for (let gone = 0; gone < 3; gone++) delete index[ids[below(random, ids.length)] ?? ""];
  for (let added = 0; added < 3; added++) {
    index[`new${added}`] = ["a", "b", "c"].map((level) => `<${level}_${below(random, 10)}>`);
  }
  return put("items.index.json", JSON.stringify(index));
}

/** Asserts that a run that reuses another has the part files of one that computes everything. */
async function expectSame(earlier: string, settings: Record<string, unknown>) {
  const [reusing, anew] = [fresh(), fresh()];
  const { stats, reuse } = await run(reusing, { ...settings, reuse: earlier });
  await run(anew, settings);
  expect(await parts(reusing)).toEqual(await parts(anew));
  expect(reuse).toMatchObject({ run: earlier });
  const { reusedUsers = 0, computedNew = 0, computedChanged = 0, computedCatalogue = 0 } = stats;
  return { out: reusing, counts: [reusedUsers, computedNew, computedChanged, computedCatalogue] };
}

describe("a run that reuses another", () => {
  it.each([
    {},
    { scoring: "renormalized", excludeSeen: true, itemsPerPath: 1 },
    { verification: "sampled", seed: 3 },
  ])("has the lists of computing all while histories and the catalogue change: %j", async (how) => {
    const monday = fresh();
    await run(monday, how);
    const all = await rows();
    const histories = await putRows([
      ...all.slice(5, 20).map((row, at) => {
        return at % 5 === 0 ? { ...row, history: row.history.slice(1) } : row;
      }),
      { user: "newcomer", history: ["7", "12"] },
      ...all.slice(0, 5),
    ]);
    const tuesday = await expectSame(monday, { ...how, histories });
    const [reused = 0, ...computed] = tuesday.counts;
    expect(reused).toBeGreaterThanOrEqual(15);
    expect(computed[0]).toBeLessThanOrEqual(1);
    // Of Monday's users who were reused, the answers were kept on.
    const wednesday = { ...how, histories, catalogue: await otherCatalogue(1), topK: 3 };
    const { out, counts } = await expectSame(tuesday.out, wednesday);
    expect(counts[1]).toBe(0);
    // What was gone is back.
    await expectSame(out, { ...how, histories, topK: 3 });
  });

  it("goes on after it was stopped, and has the same part files", async () => {
    const [monday, tuesday, anew] = [fresh(), fresh(), fresh()];
    await run(monday, {});
    const stop = new AbortController();
    const stopped = run(tuesday, {
      ...{ reuse: monday, signal: stop.signal },
      onEvent: (event) => {
        if (event.kind === "progress" && event.counts.done > 10) stop.abort(new Error("stop"));
      },
    });
    await expect(stopped).rejects.toThrow("stop");
    expect(await directoryJournal(tuesday).readManifest()).toBeUndefined();
    const { stats } = await run(tuesday, { reuse: monday });
    expect(stats.reusedUsers).toBeGreaterThan(20);
    expect(stats.searches).toBe(0);
    await run(anew, {});
    expect(await parts(tuesday)).toEqual(await parts(anew));
  });

  it("takes the answer of another user who asks the same, also of whole searches", async () => {
    const monday = fresh();
    await run(monday, { search: "whole" });
    const [first] = await rows();
    const histories = await putRows([
      { user: "twin", history: first?.history ?? [] },
      { user: first?.user ?? "", history: first?.history ?? [] },
    ]);
    const how = { search: "whole", histories };
    expect((await expectSame(monday, how)).counts).toEqual([2, 0, 0, 0]);
    // Without log-probabilities nothing is certain in another catalogue.
    const other = await expectSame(monday, { ...how, catalogue: await otherCatalogue(1) });
    expect(other.counts[0]).toBe(0);
  });

  it("is refused, and says why, if nothing can be taken", async () => {
    const [monday, without] = [fresh(), fresh()];
    await run(monday, { limit: 3 });
    const { parts } = await run(without, { limit: 3, answers: "drop" });
    expect(parts.every(({ answers }) => answers === undefined)).toBe(true);
    expect(await readdir(join(without, "answers"))).toEqual([]);
    const why = async (more: Record<string, unknown>) => {
      const { code, message } = await refusal(run(fresh(), more));
      return [code, message];
    };
    expect(await why({ reuse: monday, beamWidth: 9, precision: "int8" })).toEqual([
      "NOT_REUSABLE",
      `\`reuse\` ${monday}: its lists were made differently: \`beamWidth\` was 6 and is 9; \`precision\` was fp32 and is int8. Without \`reuse\`, all lists are computed.`,
    ]);
    expect((await why({ reuse: without }))[1]).toContain("it kept no answers: it was made with");
    await rm(join(monday, "manifest.json"));
    expect((await why({ reuse: monday }))[1]).toContain("it holds no complete run");
    for (const more of [
      { verification: "relaxed", draft: ["transitions"], draftWidth: [9] },
      { candidates: monday, acceptAbove: -9 },
      { teacherLog: fresh() },
    ]) {
      await expect(run(fresh(), { reuse: monday, ...more })).rejects.toThrow("`reuse`");
    }
  });
});
