import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BenchReport } from "@nightbeam/bench";
import { nightbeam, refusal, succeed } from "@nightbeam/testing/command";
import { listsIn, listsOf } from "@nightbeam/testing/recommend";
import { flagsOf, useWorld, writeUsers } from "@nightbeam/testing/world";
import { beforeAll, describe, expect, it } from "vitest";

const world = useWorld({ users: 24 });

describe("evaluate", () => {
  const out = () => world().path("tiny");
  let heldOut = "";

  beforeAll(async () => {
    const lists = await listsIn(world(), { out: "tiny", topK: "3", limit: "4" });
    const item = (user: number, place: number) => lists[user]?.items[place]?.item ?? "";
    heldOut = await writeUsers(world().path("held-out.jsonl"), [
      // One of two found, at place 2 of 3; the list's first place found; none found.
      { user: "u0", history: [item(0, 1), "elsewhere"] },
      { user: "u1", history: [item(1, 0)] },
      { user: "u2", history: ["elsewhere"] },
      { user: "nobody", history: ["1"] },
      { user: "broken" },
    ]);
  });

  it("prints the metrics of a hand calculation", async () => {
    const flags = ["--recommendations", out(), "--held-out", heldOut, "--top-k", "1,3"];
    const { stdout } = await succeed("evaluate", ...flags);
    // At 1: u1 alone. At 3: recall (1/2 + 1 + 0) / 3, NDCG (0.6309 / 1.6309 + 1 + 0) / 3.
    const ndcg = (1 / Math.log2(3) / (1 + 1 / Math.log2(3)) + 1) / 3;
    expect(stdout).toBe(
      [
        "K  Recall    NDCG  hit rate",
        "1  0.3333  0.3333    0.3333",
        `3  0.5000  ${ndcg.toFixed(4)}    0.6667`,
        "over 3 users; 1 with held-out items had no list; 1 with a list had no held-out items; 1 held-out rows were unusable",
        "",
      ].join("\n"),
    );
    const json = await succeed("evaluate", ...flags, "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({
      users: 3,
      withoutList: 1,
      withoutHeldOut: 1,
      rejectedHeldOut: 1,
      metrics: [{ k: 1 }, { k: 3, recall: 0.5, ndcg }],
    });
  });

  it("reports unseen items separately", async () => {
    // All that the lists have was trained on, but what u0 and u1 took of it, and "elsewhere".
    const lists = await listsOf(out());
    const taken = [lists[0]?.items[1]?.item, lists[1]?.items[0]?.item];
    const items = lists.flatMap((list) => list.items.map(({ item }) => item));
    const trained = items.filter((item) => !taken.includes(item));
    const file = await writeUsers(world().path("trained.jsonl"), [{ user: "x", history: trained }]);
    const flags = ["--recommendations", out(), "--held-out", heldOut, "--top-k", "3"];
    const { stdout } = await succeed("evaluate", ...flags, "--trained-on", file);
    const unseen = items.length - trained.length;
    const [, last] = stdout.split("\n\n");
    expect(last).toMatch(/^K +Recall +NDCG +hit rate +in all lists\n/);
    expect(last).toMatch(new RegExp(`^3 +0\\.5000 .* 0\\.6667 +${unseen}$`, "m"));
    expect(last).toContain(
      "unseen items only, over 3 users; 4 were held out, 3 of them distinct\n",
    );
    const json = await succeed("evaluate", ...flags, "--trained-on", file, "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({
      users: 3,
      unseen: { users: 3, heldOut: 4, items: 3, metrics: [{ k: 3, recall: 0.5, listed: unseen }] },
    });
  });

  it("names what is wrong", async () => {
    const flags = ["--held-out", heldOut];
    expect(await refusal("evaluate", ...flags)).toBe("error: --recommendations is required\n");
    const none = world().path("no-run");
    expect(await refusal("evaluate", ...flags, "--recommendations", none)).toBe(
      `error: ${join(none, "manifest.json")} does not exist: ${none} does not hold a complete run. ` +
        "Let the run finish, or name the directory of another.\n",
    );
  });
});

describe("catalogue", () => {
  it("prints the size of a catalogue, and prepares a file that gives the same lists", async () => {
    const prepared = world().path("prepared");
    const { stdout, stderr } = await succeed("catalogue", world().catalogue, "--out", prepared);
    expect(stdout).toMatch(
      /^240 items, 3 levels; prefixes by length: \d+ \/ \d+ \/ 224\nhash [0-9a-f]{64}\n/,
    );
    expect(stderr).toBe(`wrote ${prepared}; pass it as --catalogue\n`);
    const again = await succeed("catalogue", prepared);
    expect(again.stdout).toBe(stdout);
    const json = await succeed("catalogue", prepared, "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({ items: 240, levels: 3 });
    const lists = await listsIn({ ...world(), catalogue: prepared }, { out: "from-prepared" });
    expect(lists).toEqual(await listsIn(world(), { out: "from-json" }));
  });

  it("refuses a file that is not a catalogue", async () => {
    expect(await refusal("catalogue", world().items)).toMatch(
      /^error: .*items\.jsonl has the columns "item", "name"; a catalogue needs item_id and c0, c1/,
    );
  });
});

describe("convert", () => {
  it("writes an int8 directory that serves as a --target", async () => {
    const out = world().path("int8");
    const flags = ["--model", world().target, "--precision", "int8", "--out", out];
    const { stdout } = await succeed("convert", ...flags);
    expect(stdout).toMatch(new RegExp(`^wrote the model to ${out} in int8, \\d+ tensors\n$`));
    const lists = world().path("int8-lists");
    const run = flagsOf({ ...world(), target: out });
    await succeed("recommend", ...run, "--precision", "int8", "--out", lists);
    const users = await listsOf(lists);
    expect(users).toHaveLength(24);
    expect(users.every(({ items }) => items.length === 10)).toBe(true);

    expect(await refusal("convert", ...flags)).toBe(
      `error: --out ${out} exists already; use a new directory\n`,
    );
    const twice = ["--model", out, "--out", world().path("twice")];
    expect(await refusal("convert", ...twice)).toBe(
      `error: --model ${out} is already converted to int8; use the original checkpoint\n`,
    );
    expect(existsSync(world().path("twice"))).toBe(false);
  });

  it("reports a place that cannot be written, without a stack", async () => {
    const file = world().path("a-file");
    await writeFile(file, "");
    const message = await refusal("convert", "--model", world().target, "--out", join(file, "x"));
    expect(message).toMatch(/^error: [A-Z]+: .*a-file.*\. Check the path, this user's permissions/);
    expect(message.trimEnd()).not.toContain("\n");
  });
});

describe("bench", () => {
  const sizes = ["--beam-width", "3,6", "--batch-size", "1,8", "--repeat", "1", "--limit", "12"];

  it("compares every way in every cell, and finds the same lists", async () => {
    const drafts = ["--draft", world().draft, "transitions", "--draft-width", "12,20/9,auto"];
    const loops = ["--loop", "demand,published"];
    const flags = [...flagsOf(world()), ...drafts, ...loops, ...sizes];
    const { stdout } = await succeed("bench", ...flags, "--json");
    const report: BenchReport = JSON.parse(stdout);
    expect(report.users).toBe(12);
    expect(report.matrixRate).toBeGreaterThan(0);
    const cells = report.rows.map(({ beamWidth, batchSize, way }) => [beamWidth, batchSize, way]);
    const demand = ["draft 12", "draft 20/9", "draft auto"];
    const ways = ["plain", ...demand, "published 12", "published 20/9", "published auto"];
    expect(cells).toEqual(
      [3, 6].flatMap((k) => [1, 8].flatMap((batch) => ways.map((way) => [k, batch, way]))),
    );
    for (const row of report.rows) {
      expect(row.sameLists).toBe(true);
      expect(row.usersPerSecond).toBeGreaterThan(0);
      expect(row.callsPerUser).toBeLessThanOrEqual(3);
      expect(row.shareOfMatrixRate).toBeGreaterThan(0);
      if (row.way === "plain") expect(row).toMatchObject({ ratio: 1, callsPerUser: 3 });
    }
  });

  it("prints a table", async () => {
    const { stdout } = await succeed("bench", ...flagsOf(world()), ...sizes);
    const [head, ...rows] = stdout.split("\n").slice(0, 5);
    expect(head).toMatch(/^K {2}batch {2}search {2}calls {2}nodes .* lists$/);
    expect(rows).toHaveLength(4);
    for (const row of rows) expect(row).toMatch(/^[36] +[18] +plain +3\.00 .* same$/);
  });

  it("needs a user", async () => {
    const histories = await writeUsers(world().path("nobody.jsonl"), [{ user: "a", history: [] }]);
    const { code, stderr } = await nightbeam("bench", ...flagsOf({ ...world(), histories }));
    expect(code).toBe(1);
    expect(stderr).toBe(`error: --histories ${histories} has no user that can be decoded\n`);
  });
});
