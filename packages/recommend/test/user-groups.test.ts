import { buildCatalogue, NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import type { HistoryRow } from "@nightbeam/dataset";
import { describe, expect, it } from "vitest";
import { openUserGroups } from "../src/shard/user-groups.js";
import { userReader } from "../src/shard/users.js";

const paths = { a: [0, 1], b: [0, 2], c: [1, 1], d: [1, 2] };
const catalogue = buildCatalogue(
  Object.entries(paths).map(([id, codes]) => ({ id, codes, where: id })),
);
const allowLists = { DE: ["a", "b", "c"], kids: ["b", "c", "d", "gone"], FR: ["a"] };

async function readerOf(lists: Record<string, readonly string[]>, excludeSeen = false) {
  const groups = await openUserGroups({
    allowLists: lists,
    catalogue,
    excluded: NOTHING_EXCLUDED,
  });
  return userReader({
    ...{
      historyCatalogue: catalogue,
      searched: catalogue,
      ...{ maxPromptTokens: 9, promptLimit: "9 positions" },
      unknownItems: "reject" as const,
      excludeSeen,
      groups,
    },
    encodePrompt: () => Int32Array.of(1),
  });
}

type Read = Awaited<ReturnType<typeof readerOf>>;

const row = (groups?: readonly string[]): HistoryRow => {
  return { kind: "history", row: 0, user: "u", items: ["b"], ...(groups && { groups }) };
};

function allowed(read: Read, groups?: readonly string[]): string {
  const reading = read(row(groups));
  if (reading.kind === "rejected") return `${reading.rejected.reason}: ${reading.rejected.detail}`;
  const { exclusion } = reading.user;
  return Object.keys(paths)
    .filter((id) => !exclusion.hasItem(catalogue.itemIndex(id) ?? -1))
    .join("");
}

describe("users of groups", () => {
  it.each([
    [["DE"], "abc"],
    [["kids"], "bcd"],
    [["DE", "kids"], "bc"],
    [["kids", "DE", "DE"], "bc"],
    [["FR", "kids"], 'nothing_allowed: no item is allowed in all of the groups "FR", "kids"'],
    [["UK"], 'unknown_group: there is no allow-list of the group "UK"'],
    [[], "no_group: the user belongs to no group"],
    [undefined, "no_group: the user belongs to no group"],
  ])("%j get %s", async (groups, expected) => {
    expect(allowed(await readerOf(allowLists), groups)).toBe(expected);
  });

  it("get nothing seen on top, and share what their groups exclude", async () => {
    const read = await readerOf(allowLists, true);
    expect(allowed(read, ["DE"])).toBe("ac");
    const baseOf = (groups: readonly string[]) => {
      const reading = read(row(groups));
      return reading.kind === "user" ? reading.user.exclusion.base : undefined;
    };
    expect(baseOf(["DE", "kids"])).toBeDefined();
    expect(baseOf(["kids", "DE"])).toBe(baseOf(["DE", "kids"]));
    expect(baseOf(["DE"])).not.toBe(baseOf(["kids"]));
  });

  it("cannot be read from lists of another catalogue", async () => {
    await expect(readerOf({ DE: ["a"], UK: ["7", "8"] })).rejects.toMatchObject({
      code: "BAD_ALLOW_LISTS",
      message: expect.stringContaining(
        'the group "UK": the catalogue has none of its 2 items, such as "7"',
      ),
    });
  });
});
