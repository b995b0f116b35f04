import { readManifest } from "@nightbeam/run";
import { refusal } from "@nightbeam/testing/command";
import { listsIn } from "@nightbeam/testing/recommend";
import { flagsOf, usersOf, useWorld } from "@nightbeam/testing/world";
import { describe, expect, it } from "vitest";

describe("a relaxed run", () => {
  const world = useWorld({ users: 30 });
  const relaxed = { verification: "relaxed", seed: "3", draftWidth: "25", format: "jsonl" };

  it.each(["sampled", "beam"])(
    "gives the same lists in all batches, parts and threads, drafts being %s",
    async (drafted) => {
      const { draft } = world();
      const flags = { ...relaxed, draft, drafted, scoring: "renormalized" };
      const lists = await listsIn(world(), { out: `once-${drafted}`, ...flags });
      expect(lists).toHaveLength(30);
      const small = { workers: "1", batchSize: "7", partSize: "11", promptCache: "0" };
      expect(await listsIn(world(), { out: `again-${drafted}`, ...flags, ...small })).toEqual(
        lists,
      );
      const users = await usersOf(world());
      const unseen = { ...flags, excludeSeen: true };
      for (const [at, { items }] of (
        await listsIn(world(), { out: `unseen-${drafted}`, ...unseen })
      ).entries()) {
        const seen = new Set(users[at]?.history);
        expect(items.filter(({ item }) => seen.has(item))).toEqual([]);
        expect(items.length).toBeGreaterThan(0);
      }
    },
  );

  it("names in its plan what decided it, and is not continued with another draft", async () => {
    const { draft } = world();
    await listsIn(world(), { out: "begun", ...relaxed, draft });
    const { arguments: planned } = await readManifest(world().path("begun"));
    expect(planned).toMatchObject({
      verification: "relaxed",
      seed: 3,
      temperature: 1,
      drafted: "sampled",
      drafter: "model",
      draftWidth: [25],
    });
    const more = ["--verification", "relaxed", "--seed", "3", "--format", "jsonl"];
    const other = ["--draft", "transitions", "--draft-width", "25", "--out", world().path("begun")];
    const message = await refusal("recommend", ...flagsOf(world()), ...more, ...other);
    expect(message).toContain('arguments.drafter was "model" and is "transitions"');
    const wider = ["--draft", draft, "--draft-width", "26", "--out", world().path("begun")];
    expect(await refusal("recommend", ...flagsOf(world()), ...more, ...wider)).toContain(
      "arguments.draftWidth[0] was 25 and is 26",
    );
  });
});
