import { copyFile, cp, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileHash, queryNumber, withDuckDb } from "@nightbeam/dataset";
import { type Manifest, readManifest } from "@nightbeam/run";
import { nightbeam, succeed } from "@nightbeam/testing/command";
import { listsIn, listsOf } from "@nightbeam/testing/recommend";
import {
  editJson,
  flagsOf,
  jsonLines,
  usersOf,
  useWorld,
  writeUsers,
} from "@nightbeam/testing/world";
import { beforeAll, describe, expect, it } from "vitest";

describe("rows that cannot be recommended for", () => {
  const world = useWorld({ users: 12 });
  const out = () => world().path("out");
  let manifest: Manifest;
  let printed = "";

  beforeAll(async () => {
    const good = await usersOf(world());
    const rows = [
      { user: "stranger", history: ["gone", "no such item"] },
      ...good.slice(0, 6),
      { user: "new", history: [] },
      { user: "odd" },
      ...good.slice(6),
      { user: "last", history: ["no such item", "0"] },
      { user: "again", history: ["0"] },
      { user: "again", history: ["1", "2"] },
    ];
    const histories = await writeUsers(world().path("mixed.jsonl"), rows);
    const flags = flagsOf({ ...world(), histories });
    printed = (await succeed("recommend", ...flags, "--part-size", "4", "--out", out())).stdout;
    manifest = await readManifest(out());
  });

  it("are set aside with their reason, and the others get their lists", async () => {
    const rejected = await jsonLines<Record<string, unknown>>(join(out(), "rejected.jsonl"));
    expect(rejected).toEqual([
      {
        row: 0,
        user: "stranger",
        reason: "unknown_item",
        detail: 'none of its 2 items is in the catalogue, the first is "gone"',
      },
      { row: 7, user: "new", reason: "empty_history", detail: "line 8: no items" },
      {
        row: 8,
        user: "odd",
        reason: "malformed_row",
        detail: "line 9: history is missing",
      },
      {
        row: 16,
        user: "again",
        reason: "duplicate_user",
        detail: 'user "again" has several rows; row 17 counts',
      },
    ]);
    const lists = await listsOf(out());
    expect(lists.map(({ user }) => user)).toEqual([
      ...(await usersOf(world())).map(({ user }) => user),
      "last",
      "again",
    ]);
    expect(lists.slice(0, -2)).toEqual(await listsIn(world(), { out: "good" }));
  });

  it("are counted", () => {
    expect(manifest).toMatchObject({
      ...{ users: 14, rejected: 4, rejectedFile: "rejected.jsonl" },
      stats: {
        ...{ skippedItems: 1, skippingUsers: 1, rejectedUnknown: 1, rejectedEmpty: 1 },
        ...{ rejectedMalformed: 1, rejectedDuplicate: 1 },
      },
    });
    expect(printed).toContain(`14 (4 set aside: ${out()}/rejected.jsonl)`);
    expect(printed).toMatch(/items skipped +1 that the catalogue lacks, of 1 users/);
  });

  it("are other ones by other rules", async () => {
    const rows = [
      { user: "a", history: ["0", "gone"] },
      { user: "b", history: ["0"] },
      { user: "b", history: ["1"] },
    ];
    const histories = await writeUsers(world().path("rules.jsonl"), rows);
    const strict = { out: "rules", unknownItems: "reject", duplicateUsers: "keep" };
    const lists = await listsIn({ ...world(), histories }, strict);
    expect(lists.map(({ user }) => user)).toEqual(["b", "b"]);
    // A skipped item is the same as one that was never there, also for what is excluded.
    const without = await writeUsers(world().path("without.jsonl"), [
      { user: "a", history: ["0"] },
    ]);
    const seen = { limit: "1", excludeSeen: true };
    const [skipped] = await listsIn({ ...world(), histories }, { out: "skipped", ...seen });
    const [never] = await listsIn({ ...world(), histories: without }, { out: "never", ...seen });
    expect(skipped).toEqual(never);
  });

  it("leave a folder of parts that is one table, in both layouts", async () => {
    const histories = world().path("mixed.jsonl");
    const flags = flagsOf({ ...world(), histories });
    const flat = world().path("flat");
    const draft = ["--draft", world().draft, "--draft-width", "7"];
    await succeed("recommend", ...flags, ...draft, "--layout", "flat", "--out", flat);
    const names = [
      ...(await readdir(join(out(), "parts"))),
      ...(await readdir(join(flat, "parts"))),
    ];
    expect(names.filter((name) => !name.endsWith(".parquet"))).toEqual([]);
    await withDuckDb(undefined, async (connection) => {
      const items = `SELECT "user", unnest(items, recursive := true) FROM '${out()}/parts/*.parquet'`;
      const rows = `SELECT * FROM '${flat}/parts/*.parquet'`;
      const count = (query: string) => queryNumber(connection, `SELECT count(*) FROM (${query})`);
      expect(await count(rows)).toBe(14 * 10);
      expect(await count(`(${items}) EXCEPT (${rows})`)).toBe(0);
      expect(await count(`SELECT DISTINCT "user", rank FROM (${rows}) WHERE rank <= 10`)).toBe(140);
      expect(await count(`SELECT * FROM (${rows}) WHERE score <> log_prob`)).toBe(0);
    });
    const { stdout } = await succeed("compare", out(), flat);
    expect(stdout).toContain("same users, items and order");
  });

  it("leave a manifest that says where the lists come from", async () => {
    const histories = world().path("mixed.jsonl");
    const { size } = await stat(histories);
    const hash = await fileHash(histories);
    expect(manifest).toMatchObject({
      nightbeam: "0.1.0",
      layout: "nested",
      stats: { emptyLists: 0 },
      device: "cpu",
      search: { program: "tree-scores", reason: expect.any(String) },
      drafts: [],
      draftWidth: "auto",
      draftWidths: [{ widths: [], parts: 5 }],
    });
    const drafted = await readManifest(world().path("flat"));
    expect(drafted).toMatchObject({
      layout: "flat",
      drafts: [{ kind: "checkpoint", path: world().draft, hash: drafted.versions.draft }],
      draftWidth: [7],
      draftWidths: [{ widths: [7, 7], parts: 1 }],
    });
    expect(manifest.inputs).toEqual([
      { name: "target", path: world().target, hash: manifest.versions.target },
      {
        name: "catalogue",
        path: world().catalogue,
        bytes: expect.any(Number),
        hash: await fileHash(world().catalogue),
      },
      { name: "histories", path: histories, bytes: size, hash },
    ]);
  });

  it("may be all rows there are", async () => {
    const histories = await writeUsers(world().path("none.jsonl"), [{ user: "a", history: [] }]);
    expect(await listsIn({ ...world(), histories }, { out: "none" })).toEqual([]);
    const empty = await writeUsers(world().path("empty.jsonl"), []);
    const flags = flagsOf({ ...world(), histories: empty });
    const { code, stderr } = await nightbeam("recommend", ...flags, "--out", world().path("empty"));
    expect([code, stderr]).toEqual([5, expect.stringContaining("no user has a list")]);
  });

  it("include prompts that are too long for the target, whatever the limit of the draft", async () => {
    const short = world().path("short");
    await cp(world().target, short, { recursive: true });
    // Three levels and BOS: two items with a path after them take 1 + 6 + 2 positions.
    await editJson(join(short, "config.json"), { max_position_embeddings: 9 });
    const lists = await listsIn({ ...world(), target: short }, { out: "too-long" });
    const users = await usersOf(world());
    const fits = users.filter(({ history }) => history.length <= 2);
    expect(lists.map(({ user }) => user)).toEqual(fits.map(({ user }) => user));
    const rejected = await jsonLines<{ reason: string; detail: string }>(
      join(world().path("too-long"), "rejected.jsonl"),
    );
    expect(rejected).toHaveLength(users.length - fits.length);
    for (const { reason, detail } of rejected) {
      expect(reason).toBe("prompt_too_long");
      expect(detail).toMatch(
        /^the prompt has \d+ tokens; the model takes 7 \(.*max_position_embeddings.* in config\.json, less 2 for the codes\)$/,
      );
    }
  });

  it("are not caused by a draft with a shorter limit: the target continues alone", async () => {
    const short = world().path("short-draft");
    await cp(world().draft, short, { recursive: true });
    await editJson(join(short, "config.json"), { max_position_embeddings: 9 });
    const lists = await listsIn(world(), {
      out: "short-draft-out",
      draft: short,
      draftWidth: "30",
    });
    expect(lists).toEqual(await listsIn(world(), { out: "good" }));
    const { stats } = await readManifest(world().path("short-draft-out"));
    expect(stats.callsPerUser).toBeLessThan(3);
  });
});

describe("users with the same prompt", () => {
  const world = useWorld({ users: 10 });

  it("are searched once, and each gets the list", async () => {
    const users = await usersOf(world());
    const twins = users.map(({ user, history }) => ({ user: `${user} again`, history }));
    const histories = await writeUsers(world().path("twins.jsonl"), [...users, ...twins]);
    const lists = await listsIn({ ...world(), histories }, { out: "twins" });
    expect(lists).toHaveLength(20);
    for (const [at, { items }] of lists.slice(0, 10).entries()) {
      expect(lists[at + 10]?.items).toEqual(items);
    }
    const { stats } = await readManifest(world().path("twins"));
    expect(stats.searches).toBeLessThanOrEqual(10);
    expect(stats.callsPerUser).toBe(3);
  });

  it("keep their own exclusions", async () => {
    const [user] = await usersOf(world());
    const recent = user?.history ?? [];
    // Five items are a prompt here: what came before differs, and is excluded all the same.
    const five = [...recent, ...recent, ...recent, ...recent, ...recent].slice(-5);
    const [list] = await listsIn(world(), { out: "one", limit: "1" });
    const favourite = list?.items.find(({ item }) => !five.includes(item))?.item ?? "";
    const histories = await writeUsers(world().path("older.jsonl"), [
      { user: "a", history: five },
      { user: "b", history: [favourite, ...five] },
    ]);
    const flags = { out: "older", excludeSeen: true };
    const [a, b] = await listsIn({ ...world(), histories }, flags);
    expect(a?.items.map(({ item }) => item)).toContain(favourite);
    expect(b?.items.map(({ item }) => item)).not.toContain(favourite);
  });
});

describe("a draft that writes items with other tokens", () => {
  const world = useWorld({ users: 2 });

  it("is refused, as it would draft nonsense", async () => {
    const odd = world().path("odd");
    await cp(world().draft, odd, { recursive: true });
    await copyFile(join(world().target, "nightbeam.json"), join(odd, "nightbeam.json"));
    await editJson(join(odd, "nightbeam.json"), { codeTokenOffsets: [28, 16, 4] });
    await expect(listsIn(world(), { out: "odd-out", draft: odd })).rejects.toThrow(
      `\`draft\` ${odd} writes items with other tokens than the target`,
    );
  });
});
