import { excludeItems, NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeShard, type Scorer, type ShardUser } from "../src/index.js";
import { bruteForce } from "./support/brute-force.js";
import { remainingPaths, scoredPaths } from "./support/scenario.js";
import { catalogue, promptsAsked, scenario, setUp, user } from "./support/shards.js";

describe("decodeShard", () => {
  it("gives every user plain search's list, in the users' order, at any concurrency", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat(2), { minLength: 1, maxLength: 3 }), { maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom(1, 3),
        async (prompts, batchSize, concurrency) => {
          const { options } = setUp();
          const users = prompts.map((prompt) => user(prompt));
          const shard = await decodeShard(users, options({ batchSize, concurrency }));
          expect(shard.outcomes.map((outcome) => scoredPaths(scenario, outcome))).toEqual(
            users.map(({ prompt }) =>
              bruteForce({ ...scenario, paths: remainingPaths(scenario), prompt }).at(-1),
            ),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it("has the same costs at concurrency 1 and 3", async () => {
    const users = Array.from({ length: 9 }, (_, i) => user([i, 1]));
    const one = await decodeShard(users, setUp().options());
    const three = await decodeShard(users, setUp().options({ concurrency: 3 }));
    expect(three.outcomes).toEqual(one.outcomes);
  });

  it("has few users per batch if beams are wide and the target has a limit, and the same lists", async () => {
    const { search, options } = setUp();
    const target: Scorer = {
      score: (requests) => search.target.score(requests),
      release: (keys) => search.target.release(keys),
      maxNodes: 100,
    };
    const users = Array.from({ length: 5 }, (_, i) => user([i, 1]));
    const batchesWith = async (beamWidth: number) => {
      const batches: number[] = [];
      const shard = await decodeShard(
        users,
        options({
          search: { ...search, target, beamWidth },
          batchSize: 4,
          onProgress: ({ users }) => batches.push(users),
        }),
      );
      return { batches, lists: shard.outcomes.map(({ beams }) => beams) };
    };
    // Each of these widths keeps all 27 paths.
    const some = await batchesWith(27);
    const wide = await batchesWith(40);
    const widest = await batchesWith(200);
    expect(some.batches).toEqual([3, 2]);
    expect(wide.batches).toEqual([2, 2, 1]);
    expect(widest.batches).toEqual([1, 1, 1, 1, 1]);
    expect(wide.lists).toEqual(some.lists);
    expect(widest.lists).toEqual(some.lists);
  });

  it("decodes the same question once", async () => {
    const { target, options } = setUp();
    const users = [user([1, 2]), user([3]), user([1, 2]), user([1, 2]), user([12])];
    const progress: number[] = [];
    const shard = await decodeShard(
      users,
      options({ onProgress: ({ users }) => progress.push(users) }),
    );
    expect(promptsAsked(target).sort()).toEqual(["1 2", "12", "3"]);
    expect(shard.searched).toHaveLength(3);
    expect(new Set(shard.searched)).toEqual(new Set(shard.outcomes));
    expect(shard.outcomes[2]).toBe(shard.outcomes[0]);
    expect(shard.outcomes[1]).not.toEqual(shard.outcomes[4]);
    expect(progress).toEqual([3, 2]);
  });

  it("keeps users apart whose exclusions close other nodes", async () => {
    const { target, options } = setUp();
    const [one, two] = [excludeItems(catalogue, [0]), excludeItems(catalogue, [1])];
    const users = [one, two, excludeItems(catalogue, [0]), NOTHING_EXCLUDED].map((exclusion) =>
      user([1], exclusion),
    );
    const { outcomes, searched } = await decodeShard(users, options());
    expect(searched).toHaveLength(3);
    expect(promptsAsked(target)).toHaveLength(3);
    expect(outcomes[2]).toBe(outcomes[0]);
    expect(new Set(outcomes).size).toBe(3);
  });

  it("keeps users apart whose questions differ", async () => {
    const { target, options } = setUp();
    const names = ["Ada", "Bob", "Ada"];
    const users = names.map((name) => ({ ...user([1]), name }));
    const shard = options();
    const decoder = { ...shard.decoder, questionOf: ({ name }: ShardUser) => name ?? "" };
    const { outcomes } = await decodeShard(users, { ...shard, decoder });
    expect(target.calls[0]).toHaveLength(2);
    expect(outcomes[2]).toBe(outcomes[0]);
    expect(outcomes[1]).not.toBe(outcomes[0]);
  });

  it("batches users of equal prompt length, the longest first", async () => {
    const { target, options } = setUp();
    const lengths = [1, 3, 2, 3, 3, 1, 2];
    await decodeShard(
      lengths.map((length, i) => user(new Array<number>(length).fill(i))),
      options(),
    );
    const batches = target.calls.map((requests) => requests.map(({ prompt }) => prompt.length));
    for (const batch of batches) expect(new Set(batch).size).toBe(1);
    const order = batches.map(([length = 0]) => length);
    expect(order).toEqual(order.toSorted((a, b) => b - a));
    expect(Math.max(...batches.map(({ length }) => length))).toBe(2);
  });

  it("batches users of one class of lengths, if the decoder pads prompts", async () => {
    const { target, options } = setUp();
    const shard = options({ batchSize: 3 });
    const decoder = { ...shard.decoder, lengthClassOf: (tokens: number) => Math.ceil(tokens / 2) };
    const users = [1, 2, 5, 4, 3, 4].map((length) => user(new Array<number>(length).fill(length)));
    await decodeShard(users, { ...shard, decoder });
    const batches = target.calls.map((requests) => requests.map(({ prompt }) => prompt.length));
    const different = [...new Set(batches.map((batch) => batch.toSorted().join(" ")))];
    expect(different).toEqual(["5", "3 4", "1 2"]);
  });

  it("has as many batches in progress as it may", async () => {
    let underWay = 0;
    let most = 0;
    const { target, search, options } = setUp();
    const counting: Scorer = {
      async score(requests) {
        most = Math.max(most, ++underWay);
        const answers = await target.score(requests);
        underWay--;
        return answers;
      },
      release: (keys) => target.release(keys),
    };
    const users = Array.from({ length: 12 }, (_, i) => user([i]));
    await decodeShard(users, options({ search: { ...search, target: counting }, concurrency: 3 }));
    expect(most).toBe(3);
  });

  it("releases every key when it is done", async () => {
    const { target, draft, options } = setUp();
    await decodeShard([user([1]), user([2]), user([3])], options());
    expect([...target.heldKeys, ...draft.heldKeys]).toEqual([]);
  });

  it("takes no users", async () => {
    expect(await decodeShard([], setUp().options())).toEqual({ outcomes: [], searched: [] });
  });

  it.each([{ batchSize: 0 }, { batchSize: 1.5 }, { concurrency: 0 }, { concurrency: Number.NaN }])(
    "refuses %o",
    async (wrong) => {
      await expect(decodeShard([user([1])], setUp().options(wrong))).rejects.toMatchObject({
        code: "BAD_OPTION",
      });
    },
  );
});
