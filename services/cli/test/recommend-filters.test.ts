import { readFile, writeFile } from "node:fs/promises";
import type { Recommendation } from "@nightbeam/dataset";
import { refusal } from "@nightbeam/testing/command";
import { listsIn } from "@nightbeam/testing/recommend";
import {
  flagsOf,
  jsonLines,
  type TestWorld,
  usersOf,
  useWorld,
  writeUsers,
} from "@nightbeam/testing/world";
import { describe, expect, it } from "vitest";

const format = "jsonl";

describe("recommend", () => {
  const world = useWorld({ users: 40 });

  it("recommends nothing seen with --exclude-seen, and every list is full all the same", async () => {
    const users = await usersOf(world());
    const lists = await listsIn(world(), { out: "unseen", excludeSeen: true, format });
    const open = await listsIn(world(), { out: "open", format });
    let met = 0;
    for (const [at, { user, items }] of lists.entries()) {
      const seen = new Set(users[at]?.history);
      expect(user).toBe(users[at]?.user);
      expect(items).toHaveLength(10);
      expect(items.filter(({ item }) => seen.has(item))).toEqual([]);
      met += open[at]?.items.filter(({ item }) => seen.has(item)).length ?? 0;
    }
    // The world's users are recommended what they have seen, unless it is excluded.
    expect(met).toBeGreaterThan(20);
  });

  it.each(["full", "renormalized"] as const)(
    "excludes what is seen as if the catalogue lacked it, under %s scoring",
    async (scoring) => {
      const users = await usersOf(world());
      const flags = { excludeSeen: true, scoring, format };
      const lists = await listsIn(world(), { out: `seen-${scoring}`, ...flags });
      for (const place of [0, 3, 11]) {
        const [user, list] = [users[place], lists[place]];
        if (user === undefined || list === undefined) throw new Error("the world has more users");
        const out = `lacking-${scoring}-${place}`;
        const block = world().path(`${out}.txt`);
        await writeFile(block, user.history.join("\n"));
        const histories = await writeUsers(world().path(`${out}.jsonl`), [user, ...users]);
        const alone = { ...world(), histories };
        const [blocked] = await listsIn(alone, { out, block, scoring, format, limit: "1" });
        expectSameList(blocked, list);
      }
    },
  );

  it("recommends none of --block, and only items of --allow", async () => {
    const items = (await jsonLines<{ item: string }>(world().items)).map(({ item }) => item);
    const allowed = items.filter((_, at) => at % 2 === 0);
    const blocked = items.filter((_, at) => at % 3 === 0);
    const allow = world().path("allow.jsonl");
    await writeUsers(
      allow,
      allowed.map((item) => ({ item_id: item })),
    );
    const block = world().path("block.csv");
    await writeFile(block, `item_id\n${blocked.join("\n")}\n`);
    const wanted = new Set(allowed.filter((item) => !blocked.includes(item)));
    const lists = await listsIn(world(), { out: "filtered", allow, block, format });
    for (const { items } of lists) {
      expect(items).toHaveLength(10);
      expect(items.filter(({ item }) => !wanted.has(item))).toEqual([]);
    }
    // Prompts name items that are filtered out; the lists stay those of the whole catalogue's prompts.
    const wide = { beamWidth: "300", topK: "240", format };
    const all = await listsIn(world(), { out: "wide", ...wide });
    const some = await listsIn(world(), { out: "wide-filtered", allow, block, ...wide });
    for (const [at, { user, items }] of all.entries()) {
      const kept = { user, items: items.filter(({ item }) => wanted.has(item)) };
      expectSameList(some[at], kept);
    }
  });

  it("recommends to each user what their group allows, as if the others were not there", async () => {
    const items = (await jsonLines<{ item: string }>(world().items)).map(({ item }) => item);
    const lists = {
      even: items.filter((_, at) => at % 2 === 0),
      third: items.filter((_, at) => at % 3 === 0),
    };
    const allowLists = world().path("lists.json");
    await writeFile(allowLists, JSON.stringify(lists));
    const users = await usersOf(world());
    const rows = users.slice(1).map(({ user }, at) => `${user},${at % 2 === 0 ? "even" : "third"}`);
    const userGroups = world().path("groups.csv");
    await writeFile(userGroups, `user,group\n${rows.join("\n")}\n`);
    const groups = { allowLists, userGroups, scoring: "renormalized", format };
    const grouped = await listsIn(world(), { out: "grouped", ...groups });
    // The first user belongs to no group.
    expect(grouped).toHaveLength(users.length - 1);
    for (const [name, start] of [["even", 0] as const, ["third", 1] as const]) {
      const allow = world().path(`${name}.txt`);
      await writeFile(allow, lists[name].join("\n"));
      const alone = await listsIn(world(), { out: name, allow, scoring: "renormalized", format });
      for (let at = start; at < grouped.length; at += 2) {
        const expected = alone[at + 1];
        if (expected === undefined) throw new Error("the world has more users");
        expectSameList(grouped[at], expected);
      }
    }
  });

  it("refuses lists that name what the catalogue does not have", async () => {
    const block = world().path("unknown.txt");
    await writeFile(block, "no such item\n");
    const flags = ["--block", block, "--out", world().path("never")];
    expect(await refusal("recommend", ...flagsOf(world()), ...flags)).toMatch(
      /^error: .*"no such item".*Remove them from the list/,
    );
  });

  it("gives all items of a shared path, in the order of their ids, up to --top-k", async () => {
    const shared = await sharedPaths(world());
    const lists = await listsIn(world(), { out: "shared", beamWidth: "30", topK: "30", format });
    let met = 0;
    for (const { items } of lists) {
      expect(items).toHaveLength(30);
      for (const [at, one] of items.entries()) {
        const together = shared.get(one.codes.join()) ?? [];
        if (together.length < 2 || items[at - 1]?.codes.join() === one.codes.join()) continue;
        const expected = together.slice(0, items.length - at);
        expect(items.slice(at, at + together.length).map(({ item }) => item)).toEqual(expected);
        met++;
      }
    }
    expect(met).toBeGreaterThan(20);
  });

  it("gives items of a shared path in the order of a file, and so many of them", async () => {
    const shared = await sharedPaths(world());
    const most = [...shared.values()].map((items) => items.at(-1) ?? "");
    const itemOrder = world().path("order.csv");
    await writeFile(itemOrder, `item_id,count\n${most.map((item) => `${item},7`).join("\n")}\n`);
    const flags = { beamWidth: "30", topK: "30", itemOrder, itemsPerPath: "1", format };
    const lists = await listsIn(world(), { out: "ordered", ...flags });
    for (const { items } of lists) {
      expect(items.map(({ item }) => item)).toEqual(
        items.map(({ codes }) => shared.get(codes.join())?.at(-1)),
      );
    }
    const other = ["--beam-width", "30", "--top-k", "30", "--items-per-path", "2"];
    const again = [...flagsOf(world()), ...other, "--format", format];
    expect(await refusal("recommend", ...again, "--out", world().path("ordered"))).toMatch(
      /arguments\.itemsPerPath was 1 and is 2; versions\.itemOrder was "\w{39}…" and is not set/,
    );
  });

  it("keeps a number of beams per level, if it is one for each", async () => {
    const some = { topK: "10", format };
    const same = await listsIn(world(), { out: "w-20", beamWidth: "20", ...some });
    expect(await listsIn(world(), { out: "w-equal", beamWidth: "20,20,20", ...some })).toEqual(
      same,
    );
    const wide = await listsIn(world(), { out: "w-wide", beamWidth: "60,40,10", ...some });
    const all = await listsIn(world(), { out: "w-all", beamWidth: "300", ...some });
    expect(wide).not.toEqual(same);
    expect(wide.map(({ items }) => items.length)).toEqual(all.map(({ items }) => items.length));
    const flags = [...flagsOf(world()), "--out", world().path("w-never"), "--beam-width", "60,40"];
    expect(await refusal("recommend", ...flags)).toBe(
      "error: --beam-width 60,40: give one width, or 3 for this catalogue of 3 levels\n",
    );
  });

  it("keeps more beams than items if asked to: shorter lists are beginnings of longer ones", async () => {
    const long = await listsIn(world(), { out: "long", beamWidth: "20", topK: "20", format });
    const short = await listsIn(world(), { out: "short", beamWidth: "20", topK: "3", format });
    expect(short).toEqual(long.map(({ user, items }) => ({ user, items: items.slice(0, 3) })));
  });
});

function expectSameList(actual: Recommendation | undefined, expected: Recommendation): void {
  expect(actual?.user).toBe(expected.user);
  expect(actual?.items.map(({ item }) => item)).toEqual(expected.items.map(({ item }) => item));
  for (const [at, { score }] of expected.items.entries()) {
    expect(actual?.items[at]?.score).toBeCloseTo(score, 9);
  }
}

/** Items by code path, in the order of their ids. */
async function sharedPaths(world: TestWorld): Promise<Map<string, string[]>> {
  const index: Record<string, string[]> = JSON.parse(await readFile(world.catalogue, "utf8"));
  const paths = new Map<string, string[]>();
  for (const item of Object.keys(index).toSorted()) {
    const path = (index[item] ?? []).map((code) => /\d+/.exec(code)?.[0]).join();
    paths.set(path, [...(paths.get(path) ?? []), item]);
  }
  return paths;
}
