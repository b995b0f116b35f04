import { readManifest } from "@nightbeam/run";
import { refusal, succeed } from "@nightbeam/testing/command";
import { listsIn, listsOf } from "@nightbeam/testing/recommend";
import { flagsOf, usersOf, useWorld, writeUsers } from "@nightbeam/testing/world";
import { describe, expect, it } from "vitest";

describe("a run with candidates", () => {
  const world = useWorld({ users: 30 });
  const strict = { topK: "5", format: "jsonl" };

  /** Writes lists of proposed items. */
  async function propose(name: string, items: ReadonlyMap<string, readonly string[]>) {
    const lists = [...items].map(([user, ids]) => {
      return { user, items: ids.map((item) => ({ item, score: 0, codes: [] })) };
    });
    return writeUsers(world().path(name), lists);
  }

  it("takes what the target likes enough, and keeps its own lists otherwise", async () => {
    const plain = await listsIn(world(), { out: "plain", ...strict });
    const long = await listsIn(world(), { out: "long", ...strict, topK: "20" });
    const half = long.slice(0, 15);
    const proposed = new Map(half.map(({ user, items }) => [user, [items[19]?.item ?? ""]]));
    const scores = half.map(({ items }) => items[19]?.score ?? 0).toSorted((a, b) => a - b);
    const candidates = await propose("beyond.jsonl", proposed);
    // Half of those who are proposed anything.
    const acceptAbove = String(((scores[6] ?? 0) + (scores[7] ?? 0)) / 2);
    const flags = { ...strict, candidates, acceptAbove };
    const lists = await listsIn(world(), { out: "accepted", ...flags });
    let taken = 0;
    for (const [at, { user, items }] of lists.entries()) {
      const offer = long[at]?.items[19];
      const own = plain[at]?.items ?? [];
      if (at < 15 && (offer?.score ?? 0) > Number(acceptAbove)) {
        taken++;
        // The same score, to the bit, as if the search had found it.
        expect(items).toEqual([...own.slice(0, 4), offer]);
      } else {
        expect({ user, items }).toEqual(plain[at]);
      }
    }
    expect(taken).toBe(8);
    const drafted = { draft: world().draft, draftWidth: "25", partSize: "7", batchSize: "3" };
    expect(await listsIn(world(), { out: "drafted", ...flags, ...drafted })).toEqual(lists);

    const { arguments: planned, versions, stats } = await readManifest(world().path("accepted"));
    expect(planned).toMatchObject({ acceptAbove: Number(acceptAbove) });
    expect(versions.candidates).toMatch(/^[0-9a-f]{64}$/);
    expect(stats).toMatchObject({
      candidates: 15,
      acceptedItems: 8,
      acceptingLists: 8,
      ownLists: 30,
    });
  });

  it("checks some per level, and new items by a threshold of their own", async () => {
    const users = await usersOf(world());
    const others = users.map(({ user, history }) => ({
      user,
      history: history.filter((item) => item !== "7"),
    }));
    const trainedOn = await writeUsers(world().path("trained.jsonl"), others);
    const nine = (from: number) => Array.from({ length: 9 }, (_, at) => `${from + at}`);
    const proposed = new Map(users.map(({ user }, at) => [user ?? "", nine(9 * at)]));
    const taker = users[4]?.user ?? "";
    proposed.set(taker, ["7"]);
    const candidates = await propose("per-level.jsonl", proposed);
    const rules = { acceptAbove: "-0.001", acceptNewAbove: "-80", candidatesPerLevel: "2" };
    const flags = { ...strict, candidates, trainedOn, ...rules };
    const lists = await listsIn(world(), { out: "per-level", ...flags });
    const drafted = { draft: world().draft, draftWidth: "25", partSize: "7", batchSize: "3" };
    expect(await listsIn(world(), { out: "per-level-2", ...flags, ...drafted })).toEqual(lists);
    const taken = lists.find(({ user }) => user === taker)?.items.map(({ item }) => item);
    expect(taken).toContain("7");

    const { arguments: planned, versions, stats } = await readManifest(world().path("per-level"));
    expect(planned).toMatchObject({ acceptNewAbove: -80, candidatesPerLevel: 2 });
    expect(versions.trainedOn).toMatch(/^[0-9a-f]{64}$/);
    expect(stats.checkedCandidates).toBeLessThan(stats.candidates ?? 0);
    expect(stats.newCandidates).toBeGreaterThan(0);
    // No candidate that the target was trained on is that likely.
    expect(stats.acceptedNewItems).toBe(stats.acceptedItems);
  });

  it("gives users of one history their own candidates", async () => {
    const [first] = await usersOf(world());
    const history = first?.history ?? [];
    const users = ["with", "without", "with another", "with the same"];
    const histories = await writeUsers(
      world().path("alike.jsonl"),
      users.map((user) => ({ user, history })),
    );
    const alike = { ...world(), histories };
    const [own] = await listsIn(alike, { out: "alike-own", ...strict, topK: "20" });
    // Items that share a path are accepted together: each of these has its own path.
    const paths = own?.items.map(({ codes }) => codes.join()) ?? [];
    const single = own?.items.filter(({ codes }) => {
      return paths.indexOf(codes.join()) === paths.lastIndexOf(codes.join());
    });
    const [one = "", other = ""] = single?.slice(-3, -1).map(({ item }) => item) ?? [];
    const proposed = new Map([
      ["with", [one]],
      ["with another", [other]],
      ["with the same", [one]],
    ]);
    const candidates = await propose("alike-candidates.jsonl", proposed);
    const lists = await listsIn(alike, { out: "alike", ...strict, candidates, acceptAbove: "-99" });
    const four = own?.items.slice(0, 4).map(({ item }) => item) ?? [];
    const fifth = own?.items[4]?.item;
    expect(lists.map(({ items }) => items.map(({ item }) => item))).toEqual(
      [one, fifth, other, one].map((last) => [...four, last]),
    );
    expect((await readManifest(world().path("alike"))).stats.searches).toBe(3);
  });

  it("prints what became of candidates, and is not continued with others", async () => {
    const users = await usersOf(world());
    const names = users.map(({ user }) => user ?? "");
    const candidates = await propose(
      "all.jsonl",
      new Map(names.map((user) => [user, ["7", "gone"]])),
    );
    const out = world().path("told");
    const flags = [...flagsOf(world()), "--out", out, "--candidates", candidates];
    const { stdout, stderr } = await succeed("recommend", ...flags, "--accept-above", "-50");
    expect(stderr).toContain(
      "Candidates: 60 items for 30 users; 30 of them are ignored: the catalogue that is searched lacks them.",
    );
    expect(stdout).toMatch(/^accepted +\d+ in 30 of 30 lists, of 30 proposed$/m);
    expect(stdout).toMatch(/^proposed above +(-\d+: [01]\.\d\d(, )?)+ per user$/m);
    expect(stdout).toMatch(/^own lists +reach -\d+\.\d\d nats with their item 10, on average$/m);
    expect((await listsOf(out)).every(({ items }) => items.some(({ item }) => item === "7"))).toBe(
      true,
    );

    const again = await succeed("recommend", ...flags, "--accept-above", "-50");
    expect(again.stderr).toContain("This run is complete already");
    expect(await refusal("recommend", ...flags, "--accept-above", "-40")).toContain(
      "arguments.acceptAbove was -50 and is -40",
    );
    const others = await propose("others.jsonl", new Map(names.map((user) => [user, ["8"]])));
    const changed = [...flagsOf(world()), "--out", out, "--candidates", others];
    expect(await refusal("recommend", ...changed, "--accept-above", "-50")).toMatch(
      /versions\.candidates was "[0-9a-f]{39}…" and is "[0-9a-f]{39}…"/,
    );
    expect(await refusal("recommend", ...flagsOf(world()), "--out", out)).toContain(
      "arguments.acceptAbove was -50 and is not set",
    );
  });
});
