import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareLists } from "../src/recommendations/compare-lists.js";
import { listsDigest } from "../src/recommendations/lists-digest.js";
import type { Recommendation } from "../src/recommendations/recommendation.js";

function list(user: string, items: readonly string[], score = -1): Recommendation {
  return { user, items: items.map((item, rank) => ({ item, score: score - rank, codes: [1] })) };
}

/** The lists in batches of a size, as a reader gives them. */
async function* batches(lists: readonly Recommendation[], size = 2) {
  for (let at = 0; at < lists.length; at += size) yield lists.slice(at, at + size);
}

const LISTS = [list("u1", ["a", "b"]), list("u2", []), list("u3", ["c"])];

const anyLists = fc.array(
  fc
    .tuple(
      fc.string({ maxLength: 2 }),
      fc.array(fc.constantFrom("a", "b", ",", '"'), { maxLength: 3 }),
    )
    .map(([user, items]) => list(user, items)),
  { maxLength: 4 },
);

describe("the digest of lists", () => {
  it("is of users, items and order, not of scores, batches or parts", async () => {
    const digest = await listsDigest(batches(LISTS));
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(await listsDigest(batches(LISTS, 1))).toBe(digest);
    const rescored = LISTS.map(({ user, items }) =>
      list(
        user,
        items.map((one) => one.item),
        -5,
      ),
    );
    expect(await listsDigest(batches(rescored))).toBe(digest);
    const swapped = [list("u1", ["b", "a"]), ...LISTS.slice(1)];
    expect(await listsDigest(batches(swapped))).not.toBe(digest);
  });

  it("is the same if and only if a comparison finds no difference", async () => {
    await fc.assert(
      fc.asyncProperty(anyLists, anyLists, async (a, b) => {
        const digests = [await listsDigest(batches(a, 1)), await listsDigest(batches(b, 3))];
        const { same, first } = await compareLists(batches(a, 3), batches(b, 1));
        expect(digests[0] === digests[1]).toBe(same);
        expect(first === undefined).toBe(same);
      }),
    );
  });
});

describe("comparing lists", () => {
  it("returns the largest difference of scores between equal lists", async () => {
    const other = [list("u1", ["a", "b"], -1.25), list("u2", []), list("u3", ["c"], -1.5)];
    expect(await compareLists(batches(LISTS), batches(other, 1))).toEqual({
      same: true,
      lists: 3,
      sameItems: 3,
      different: 0,
      largestScoreDifference: 0.5,
      first: undefined,
    });
  });

  it.each([
    ["an item", [list("u1", ["a", "x"]), list("u2", []), list("u3", ["d"])], 2, 0, 1, ["b", "x"]],
    [
      "a longer list",
      [list("u1", ["a", "b"]), list("u2", ["z"]), LISTS[2]],
      1,
      1,
      0,
      [undefined, "z"],
    ],
    [
      "a user",
      [list("u0", ["a", "b"]), ...LISTS.slice(1)],
      1,
      0,
      undefined,
      [undefined, undefined],
    ],
    ["a missing list", LISTS.slice(0, 2), 1, 2, undefined, [undefined, undefined]],
    ["an added list", [...LISTS, list("u4", [])], 1, 3, undefined, [undefined, undefined]],
  ])("names the first difference: %s", async (_, other, different, place, rank, items) => {
    const lists = other.flatMap((one) => one ?? []);
    const found = await compareLists(batches(LISTS), batches(lists));
    expect(found).toMatchObject({ same: false, different });
    expect(found.first).toEqual({
      list: place,
      rank,
      users: [LISTS[place]?.user, lists[place]?.user],
      items,
    });
  });
});
