import { readFile } from "node:fs/promises";
import { readManifest } from "@nightbeam/run";
import { refusal } from "@nightbeam/testing/command";
import { listsIn } from "@nightbeam/testing/recommend";
import { flagsOf, type UserLine, usersOf, useWorld, writeUsers } from "@nightbeam/testing/world";
import { describe, expect, it } from "vitest";

const sampled = { verification: "sampled", seed: "3", format: "jsonl" };

describe.each(["full", "renormalized"] as const)("samples under %s scoring", (scoring) => {
  const world = useWorld({ users: 40 });
  const flags = { ...sampled, scoring };

  it("depend neither on the draft nor on batches, parts, threads or the prompt cache", async () => {
    const { draft, target } = world();
    const plain = await listsIn(world(), { out: "plain", ...flags });
    expect(plain).toHaveLength(40);
    const ways: Record<string, Record<string, unknown>> = {
      model: { draft, draftWidth: "30" },
      both: { draft: [draft, "transitions"], draftWidth: "12,40" },
      auto: { draft, batchSize: "1" },
      "the target itself": { draft: target, draftWidth: "40" },
      "one worker": { workers: "1", batchSize: "7", partSize: "11" },
      "no prompt cache": { promptCache: "0", batchSize: "3" },
      "more beams": { beamWidth: "25" },
    };
    for (const [name, more] of Object.entries(ways)) {
      // Scores too are equal to the last bit.
      expect(await listsIn(world(), { out: name, ...flags, ...more }), name).toEqual(plain);
    }
  });

  it("are other ones for other seeds, and never of what is excluded", async () => {
    const users = await usersOf(world());
    const unseen = { ...flags, excludeSeen: true };
    const one = await listsIn(world(), { out: "unseen", ...unseen });
    for (const [at, { items }] of one.entries()) {
      expect(items).toHaveLength(10);
      const seen = new Set(users[at]?.history);
      expect(items.filter(({ item }) => seen.has(item))).toEqual([]);
      const scores = items.map(({ score }) => score);
      expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    }
    const other = await listsIn(world(), { out: "seed", ...unseen, seed: "4" });
    expect(other.map(({ items }) => items[0])).not.toEqual(one.map(({ items }) => items[0]));
  });
});

describe("a sampled run", () => {
  const world = useWorld({ users: 12 });

  it("draws the same for a user in any run, and different lists for different users", async () => {
    const [first] = await usersOf(world());
    if (first === undefined) throw new Error("the world has users");
    const twins: UserLine[] = ["b", "a", "c"].map((user) => ({ ...first, user }));
    const histories = await writeUsers(world().path("twins.jsonl"), twins);
    const lists = await listsIn({ ...world(), histories }, { out: "twins", ...sampled });
    expect(new Set(lists.map(({ items }) => JSON.stringify(items))).size).toBe(3);
    const alone = await writeUsers(world().path("alone.jsonl"), twins.slice(2));
    expect(await listsIn({ ...world(), histories: alone }, { out: "alone", ...sampled })).toEqual(
      lists.slice(2),
    );
  });

  it("has its settings in plan and manifest, and a strict run has none of them", async () => {
    await listsIn(world(), { out: "drawn", ...sampled, temperature: "0.7" });
    const { arguments: drawn } = await readManifest(world().path("drawn"));
    expect(drawn).toMatchObject({ verification: "sampled", seed: 3, temperature: 0.7 });
    await listsIn(world(), { out: "strict", verification: "strict" });
    const plan: { plan: { arguments: Record<string, unknown> } } = JSON.parse(
      await readFile(`${world().path("strict")}/plan.json`, "utf8"),
    );
    expect(Object.keys(plan.plan.arguments).toSorted()).toEqual(
      [
        ...["topK", "beamWidth", "scoring", "precision", "excludeSeen", "limit"],
        ...["unknownItems", "duplicateUsers"],
      ].toSorted(),
    );
  });

  it("is not continued with another seed", async () => {
    await listsIn(world(), { out: "begun", ...sampled });
    const more = ["--verification", "sampled", "--seed", "4", "--format", "jsonl"];
    const out = ["--out", world().path("begun")];
    expect(await refusal("recommend", ...flagsOf(world()), ...more, ...out)).toContain(
      "arguments.seed was 3 and is 4",
    );
  });
});
