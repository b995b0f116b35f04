import { appendFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { readManifest, readSearches, type SearchRecord } from "@nightbeam/run";
import { directoryStore } from "@nightbeam/store";
import {
  accessibilityFindings,
  chromiumIsHere,
  startChromium,
  watchPage,
} from "@nightbeam/testing/browser";
import { refusal, succeed } from "@nightbeam/testing/command";
import { listsOf, runRecommend } from "@nightbeam/testing/recommend";
import { useWorld } from "@nightbeam/testing/world";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const LEVELS = 3;
const DRAFTED = { draft: ["transitions"], draftWidth: [24] };
const world = useWorld();

/** Runs `recommend` with one more user, whose items the catalogue lacks; returns the run's directory. */
async function run(out: string, flags: Record<string, unknown> = {}): Promise<string> {
  const { target, catalogue } = world();
  const histories = world().path("more-histories.jsonl");
  const path = world().path(out);
  const usual = { partSize: 25, workers: 1 };
  await runRecommend({ target, catalogue, histories, out: path, ...usual, ...flags });
  return path;
}

beforeAll(async () => {
  const histories = world().path("more-histories.jsonl");
  writeFileSync(histories, await readFile(world().histories));
  appendFileSync(histories, '{"user":"stranger","history":["no such item"]}\n');
  await run("strict", { ...DRAFTED, sampleSearches: 4 });
});

async function searchesOf(out: string): Promise<SearchRecord[]> {
  const { parts } = await readManifest(out);
  const store = directoryStore(out);
  return (await Promise.all(parts.map((part) => readSearches(store, part)))).flat();
}

describe("recorded searches", () => {
  it("change no part file", async () => {
    const without = await run("without", { ...DRAFTED, sampleSearches: 0 });
    const hashes = async (dir: string) => (await readManifest(dir)).parts.map((one) => one.sha256);
    expect(await hashes(without)).toEqual(await hashes(world().path("strict")));
    expect(await searchesOf(without)).toEqual([]);
  });

  it.each<[string, Record<string, unknown> | undefined]>([
    ["strict", undefined],
    ["plain", {}],
    ["sampled", { ...DRAFTED, verification: "sampled" }],
    ["relaxed", { ...DRAFTED, verification: "relaxed" }],
    ["whole", { search: "whole" }],
  ])("of %s lists end at the lists", async (name, flags) => {
    const out = world().path(name);
    if (flags !== undefined) await run(name, { ...flags, sampleSearches: 4 });
    const lists = new Map((await listsOf(out)).map((list) => [list.user, list.items]));
    const searches = await searchesOf(out);
    expect(searches).toHaveLength(12);
    for (const { user, list, nodes, calls, program } of searches) {
      expect(list).toEqual(lists.get(user)?.map(({ item, score }) => ({ item, score })));
      const leaves = nodes.filter(
        (node) => node.kept && !nodes.some(({ parent }) => nodes[parent] === node),
      );
      const found = new Set(leaves.flatMap(({ examples }) => examples));
      for (const { item } of list) expect(found).toContain(item);
      expect(program).toBe(name === "whole" ? "beam-search" : "tree-scores");
      expect(calls).toBeGreaterThan(0);
      expect(calls).toBeLessThanOrEqual(name === "relaxed" ? 2 * LEVELS : LEVELS);
      const last = nodes.reduce((most, { call }) => Math.max(most, call ?? 0), 0);
      expect(last).toBe(name === "whole" ? 0 : calls);
      if (name === "plain") expect(nodes.some(({ askedBy }) => askedBy === "draft")).toBe(false);
    }
  });
});

describe.skipIf(!chromiumIsHere())("the report", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(() => browser.close());

  it("opens as a file without a request or an error, and shows lists, searches and a comparison", async () => {
    const out = await run("strict", {
      draft: ["transitions"],
      draftWidth: [24],
      sampleSearches: 4,
    });
    const other = await run("other", { topK: 5, limit: 40 });
    const titles = world().path("titles.json");
    const lists = await listsOf(out);
    const ids = [...new Set(lists.flatMap(({ items }) => items.map(({ item }) => item)))];
    writeFileSync(
      titles,
      JSON.stringify(Object.fromEntries(ids.map((id) => [id, `Title </script> of ${id}`]))),
    );
    const flags = ["--titles", titles, "--against", other, "--out", world().path("report.html")];
    const { stdout } = await succeed("report", out, ...flags, "--json");
    const { report, lists: shown, searches } = JSON.parse(stdout);
    expect([shown, searches]).toEqual([60, 12]);

    const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
    const misdeeds = watchPage(page, "file://");
    await page.goto(`file://${report}`);
    await page.getByRole("heading", { name: "How the lists were found" }).waitFor();
    expect(await page.locator(".tiles").textContent()).toContain("60");
    const [first] = lists;
    const title = `Title </script> of ${first?.items[0]?.item}`;
    expect(await page.locator(".one-list").textContent()).toContain(title);
    expect(await page.locator(".compared").textContent()).toMatch(/users in both\s*40/);
    expect(await page.locator(".reasons").textContent()).toContain("stranger");

    // Call by call, and by the keyboard.
    const picture = page.locator(".search-picture");
    await page.getByRole("button", { name: "Back", exact: true }).first().click();
    expect(await picture.locator(".stepper").textContent()).toMatch(
      /before the first call|after call/,
    );
    await page.getByRole("button", { name: "Next", exact: true }).first().click();
    const canvas = picture.locator(".canvas");
    await canvas.focus();
    for (const key of ["ArrowRight", "ArrowRight", "ArrowDown"]) await canvas.press(key);
    expect(await picture.locator(".about").textContent()).toMatch(/<a_\d+>.*items?/);

    const { user = "" } = lists[7] ?? {};
    await page.getByRole("searchbox").fill(user);
    await page.getByRole("button", { name: user }).first().click();
    expect(await page.locator(".one-list").textContent()).toContain(user);
    expect(await accessibilityFindings(page)).toEqual([]);
    expect(misdeeds.list).toEqual([]);
    await page.close();
  });

  it("refuses a run that is not finished, and titles that it cannot read", async () => {
    expect(await refusal("report", world().path("nothing"))).toContain(
      "does not hold a complete run",
    );
    const out = await run("strict", {
      draft: ["transitions"],
      draftWidth: [24],
      sampleSearches: 4,
    });
    expect(await refusal("report", out, "--titles", world().catalogue)).toContain(
      "the title of item",
    );
  });
});
