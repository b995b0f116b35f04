import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildCatalogue } from "@nightbeam/catalogue";
import type { HistoryRow } from "@nightbeam/dataset";
import { ModelError, type PromptEncoder } from "@nightbeam/model";
import { openRecommender, type UserList } from "@nightbeam/recommend";
import { useWorld } from "@nightbeam/testing/world";
import { beforeAll, describe, expect, it } from "vitest";
import { userReader } from "../src/shard/users.js";

const catalogue = buildCatalogue([{ id: "a", codes: [0, 1], where: "a" }]);

function readerOf(encodePrompt: PromptEncoder) {
  return userReader({
    ...{ historyCatalogue: catalogue, searched: catalogue, encodePrompt },
    ...{ maxPromptTokens: 9, promptLimit: "9 positions" },
    ...{ excludeSeen: false, unknownItems: "skip" },
  });
}
const texts = { uid: "5" };
const row: HistoryRow = { kind: "history", row: 7, user: "ana", items: ["a"], texts };

describe("a prompt with a token of the user", () => {
  it("is made with the user's name and texts", () => {
    const read = readerOf((items, { name, texts } = {}) =>
      Int32Array.of(items.length, name === "ana" ? 1 : 0, Number(texts?.uid)),
    );
    expect(read(row)).toMatchObject({ user: { name: "ana", prompt: Int32Array.of(1, 1, 5) } });
  });

  it("cannot be made for a user who has none, and other errors are errors", () => {
    const throwing = (code: "BAD_USER" | "BAD_CHECKPOINT") =>
      readerOf(() => {
        throw new ModelError(code, "the user has no token");
      });
    expect(throwing("BAD_USER")(row)).toEqual({
      kind: "rejected",
      rejected: { row: 7, user: "ana", reason: "malformed_row", detail: "the user has no token" },
    });
    expect(() => throwing("BAD_CHECKPOINT")(row)).toThrow("the user has no token");
  });
});

describe("lists of a target whose prompts have a token of the user", () => {
  const world = useWorld({ items: 120, users: 2, levels: 3, codesPerLevel: 10, maxItems: 5 });
  beforeAll(async () => {
    // Of padding, BOS and EOS, which nothing else uses here.
    const user = { offset: 0, buckets: 3, by: "number" };
    for (const model of [world().target, world().draft]) {
      const path = join(model, "nightbeam.json");
      const spec = JSON.parse(await readFile(path, "utf8"));
      const prompt = { kind: "items", user, maxItems: 5 };
      await writeFile(path, JSON.stringify({ ...spec, prompt }));
    }
  });

  const listsOf = async (draft: readonly string[]) => {
    const { target, catalogue } = world();
    await using recommender = await openRecommender({
      target,
      catalogue,
      draft: [...draft],
      workers: 1,
    });
    const history = ["0", "1", "2"];
    const users = ["0", "1", "4", "ana"].map((user) => ({ user, history }));
    const lists: UserList[] = [];
    for await (const list of recommender.recommend(users)) lists.push(list);
    return lists;
  };

  it("are equal for users who share it, and whatever the draft", async () => {
    const [zero, one, four, ana] = await listsOf([]);
    expect(four).toEqual({ ...one, user: "4" });
    expect(zero).not.toEqual({ ...one, user: "0" });
    expect(ana).toMatchObject({ user: "ana", rejection: { reason: "malformed_row" } });
    expect(await listsOf([world().draft])).toEqual([zero, one, four, ana]);
  });
});
