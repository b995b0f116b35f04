import { readManifest } from "@nightbeam/run";
import { refusal, succeed } from "@nightbeam/testing/command";
import { listsIn } from "@nightbeam/testing/recommend";
import { editJson, flagsOf, useWorld, writeCheckpoint } from "@nightbeam/testing/world";
import { beforeAll, describe, expect, it } from "vitest";

describe("a heads draft", () => {
  const world = useWorld({ users: 30 });
  let heads = "";
  const write = async (name: string, maxPositions = 512) => {
    const directory = world().path(name);
    const shape = { levels: 3, codesPerLevel: 12, layers: 1, width: 16, heads: 2, maxPositions };
    const config = { ...shape, levelHeads: true };
    await writeCheckpoint({ directory, seed: 5, config, options: { maxItems: 5 } });
    return directory;
  };
  const run = async (out: string, flags: Record<string, unknown>) => {
    const lists = await listsIn(world(), { out, format: "jsonl", beamWidth: "10", ...flags });
    const { stats, versions } = await readManifest(world().path(out));
    return { lists, stats, versions };
  };
  beforeAll(async () => {
    heads = await write("heads");
  });

  it.each(["full", "renormalized"])("saves calls and changes no list: %s", async (scoring) => {
    const plain = await run(`plain-${scoring}`, { scoring });
    const drafted = await run(`drafted-${scoring}`, { scoring, draft: heads, draftWidth: "40" });
    expect(drafted.lists).toEqual(plain.lists);
    expect(drafted.stats.callsPerUser).toBeLessThan((plain.stats.callsPerUser ?? 0) - 0.3);
    expect(drafted.versions.draft).toMatch(/^[0-9a-f]{64}$/);
    const draft = [world().draft, "transitions", heads];
    const together = await run(`together-${scoring}`, { scoring, draft, excludeSeen: true });
    const unseen = await run(`unseen-${scoring}`, { scoring, excludeSeen: true });
    expect(together.lists).toEqual(unseen.lists);
    expect(together.versions.draft2).toBe(drafted.versions.draft);
  });

  it("leaves prompts that it cannot read to the target", async () => {
    const small = await write("small", 9);
    const plain = await run("plain-small", {});
    const drafted = await run("drafted-small", { draft: small, draftWidth: "40" });
    expect(drafted.lists).toEqual(plain.lists);
    expect(drafted.stats.callsPerUser).toBeLessThan(plain.stats.callsPerUser ?? 0);
  });

  it.each(["sampled", "beam"])(
    "is drawn from, the same in all batches and parts, drafts being %s",
    async (drafted) => {
      const flags = { verification: "relaxed", seed: "3", drafted, draft: heads, draftWidth: "25" };
      const once = await run(`relaxed-${drafted}`, flags);
      const small = { workers: "1", batchSize: "7", partSize: "11", promptCache: "0" };
      const again = await run(`relaxed-again-${drafted}`, { ...flags, ...small });
      expect(again.lists).toEqual(once.lists);
      const other = await run(`relaxed-other-${drafted}`, { ...flags, draft: world().draft });
      expect(other.lists).not.toEqual(once.lists);
    },
  );

  it("is measured by bench", async () => {
    const flags = [...flagsOf(world()), "--draft", heads, "--draft-width", "40", "--json"];
    const { stdout } = await succeed("bench", ...flags, "--beam-width", "5", "--batch-size", "32");
    const { rows } = JSON.parse(stdout);
    expect(rows).toMatchObject([
      { way: "plain" },
      { way: "draft 40", sameLists: true, callsPerUser: expect.any(Number) },
    ]);
    expect(rows[1].callsPerUser).toBeLessThan(rows[0].callsPerUser);
  });

  it("is refused if its tokens differ, and as a target", async () => {
    const other = await write("other");
    await editJson(`${other}/nightbeam.json`, {
      prompt: { kind: "items", bos: 2, maxItems: 5 },
    });
    const to = ["--out", world().path("refused")];
    expect(await refusal("recommend", ...flagsOf(world()), "--draft", other, ...to)).toContain(
      `--draft ${other} writes items with other tokens`,
    );
    const { catalogue, histories } = world();
    const from = ["--target", heads, "--catalogue", catalogue, "--histories", histories];
    expect(await refusal("recommend", ...from, ...to)).toContain(`${heads} is a heads draft`);
  });
});
