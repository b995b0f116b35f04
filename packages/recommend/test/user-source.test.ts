import { describe, expect, it } from "vitest";
import { historyRow } from "../src/recommender/user-source.js";

describe("a user of the library", () => {
  const user = { user: "ada", history: ["i1"], texts: { query: "a lamp", other: "" } };

  it("has the texts that the target's prompts need", () => {
    const row = historyRow(user, { row: 3, texts: ["query"] });
    expect(row).toEqual({ kind: "history", row: 3, user: "ada", items: ["i1"], texts: user.texts });
    expect(() => historyRow({ ...user, texts: {} }, { row: 3, texts: ["query"] })).toThrow(
      "users[3].texts.query must be a text: the target's prompts have {column:query}",
    );
  });
});
