import {
  buildCatalogue,
  type Exclusion,
  excludeItems,
  findPrefix,
  NOTHING_EXCLUDED,
} from "@nightbeam/catalogue";
import { describe, expect, it } from "vitest";
import { expandItems, type ListRules } from "../src/shard/expand-items.js";

const catalogue = buildCatalogue([
  { id: "b", codes: [0, 1], where: "b" },
  { id: "a", codes: [0, 1], where: "a" },
  { id: "c", codes: [0, 2], where: "c" },
  { id: "d", codes: [1, 1], where: "d" },
]);

const leaf = (...codes: number[]) => findPrefix(catalogue.trie, codes);

function expand(
  topK: number,
  exclusion: Exclusion = NOTHING_EXCLUDED,
  first = new Set<number>(),
  rules: Partial<ListRules> = {},
) {
  const prefixes = Uint32Array.of(leaf(1, 1), leaf(0, 1), leaf(0, 2));
  const beams = { depth: 2, prefixes, scores: Float64Array.of(-1, -2, -3) };
  return expandItems(catalogue, { beams, exclusion, topK, first, ...rules }).map(
    ({ item, score }) => [item, score],
  );
}

describe("expandItems", () => {
  it("gives the items of a path one after the other, with the path's score", () => {
    expect(expand(9)).toEqual([
      ["d", -1],
      ["a", -2],
      ["b", -2],
      ["c", -3],
    ]);
  });

  it("keeps places for what comes first, and their order by score", () => {
    const first = new Set([leaf(0, 2)]);
    expect(expand(2, NOTHING_EXCLUDED, first)).toEqual([
      ["d", -1],
      ["c", -3],
    ]);
    expect(expand(1, NOTHING_EXCLUDED, first)).toEqual([["c", -3]]);
    expect(expand(9, NOTHING_EXCLUDED, first)).toEqual(expand(9));
  });

  it("cuts within a path", () => {
    expect(expand(2)).toEqual([
      ["d", -1],
      ["a", -2],
    ]);
    expect(expand(0)).toEqual([]);
  });

  it("gives the items of a path in the order of their weights, and at most so many", () => {
    const itemWeights = Float64Array.from({ length: 4 }, (_, item) => {
      return { a: 1, b: 5, c: 9, d: 0 }[catalogue.itemId(item)] ?? 0;
    });
    expect(expand(9, NOTHING_EXCLUDED, new Set(), { itemWeights })).toEqual([
      ["d", -1],
      ["b", -2],
      ["a", -2],
      ["c", -3],
    ]);
    const one = { itemWeights, itemsPerPath: 1 };
    expect(expand(9, NOTHING_EXCLUDED, new Set(), one).map(([item]) => item)).toEqual([
      ...["d", "b", "c"],
    ]);
    // What is excluded does not count.
    const exclusion = excludeItems(catalogue, [catalogue.itemIndex("b") ?? 0]);
    expect(expand(9, exclusion, new Set(), one).map(([item]) => item)).toEqual(["d", "a", "c"]);
  });

  it("leaves excluded items out, and what shares their path in", () => {
    const index = catalogue.itemIndex("a");
    if (index === undefined) throw new Error("a is in the catalogue");
    expect(expand(3, excludeItems(catalogue, [index]))).toEqual([
      ["d", -1],
      ["b", -2],
      ["c", -3],
    ]);
  });

  it("names the codes, and the log-probability beside a score that is something else", () => {
    const beams = { depth: 2, prefixes: Uint32Array.of(leaf(0, 2)), scores: Float64Array.of(-3) };
    const options = { beams, exclusion: NOTHING_EXCLUDED, topK: 1 };
    const item = { item: "c", score: -3, codes: [0, 2] };
    expect(expandItems(catalogue, options)).toEqual([{ ...item, logProb: -3 }]);
    const drawn = { ...beams, logProbs: Float64Array.of(-7) };
    expect(expandItems(catalogue, { ...options, beams: drawn })).toEqual([
      { ...item, logProb: -7 },
    ]);
  });
});
