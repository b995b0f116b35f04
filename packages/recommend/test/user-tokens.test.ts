import { buildCatalogue } from "@nightbeam/catalogue";
import type { HistoryRow } from "@nightbeam/dataset";
import { ModelError, type PromptEncoder } from "@nightbeam/model";
import { describe, expect, it } from "vitest";
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
