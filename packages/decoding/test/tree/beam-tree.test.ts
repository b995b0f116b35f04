import { findPrefix, pathOf, ROOT } from "@nightbeam/catalogue";
import { catalogueOf, fullCatalogue, thrownBy } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BeamTree, checkTree, DecodingError, nodeCount, treeOf } from "../../src/index.js";
import { someCatalogue } from "../support/arbitraries.js";

describe("treeOf", () => {
  it("holds the wanted prefixes and their ancestors, parents first", () => {
    fc.assert(
      fc.property(someCatalogue, fc.array(fc.nat(), { maxLength: 30 }), ({ trie }, draws) => {
        const inner = trie.levelStart[trie.levels] ?? 1;
        const wanted = draws.map((draw) => draw % inner);
        const tree = treeOf(trie, wanted);
        checkTree(trie, tree);

        const expected = new Set<string>();
        for (const prefix of wanted) {
          const path = pathOf(trie, prefix);
          for (let depth = 1; depth <= path.length; depth++) {
            expected.add(path.slice(0, depth).join());
          }
          if (prefix === ROOT) expected.add("");
        }
        const paths = Array.from(tree.prefixes, (prefix) => pathOf(trie, prefix).join());
        expect(paths.toSorted()).toEqual([...expected].sort());
        paths.forEach((path, entry) => {
          const above = path.split(",").slice(0, -1).join();
          expect(tree.parents[entry]).toBe(above === "" ? -1 : paths.indexOf(above));
        });
        expect(Array.from(tree.wanted, (entry) => tree.prefixes[entry])).toEqual(
          [...new Set(wanted)].sort((a, b) => a - b),
        );
        expect(nodeCount(tree)).toBe(paths.filter((path) => path !== "").length);
      }),
      { numRuns: 500 },
    );
  });

  it("flattens two beams as the paper's figure shows", () => {
    const { trie } = catalogueOf([
      [1, 5, 1, 0],
      [1, 5, 2, 0],
      [2, 6, 1, 0],
    ]);
    const at = (...codes: number[]) => findPrefix(trie, codes);
    const tree = treeOf(trie, [at(1, 5, 2), at(2, 6), at(1, 5, 1)]);
    expect([...tree.prefixes]).toEqual([
      at(1),
      at(2),
      at(1, 5),
      at(2, 6),
      at(1, 5, 1),
      at(1, 5, 2),
    ]);
    expect([...tree.parents]).toEqual([-1, -1, 0, 1, 2, 2]);
    expect([...tree.wanted]).toEqual([3, 4, 5]);
  });
});

describe("checkTree", () => {
  // Depth 1 are the nodes 1 and 2, depth 2 the nodes 3 to 6, depth 3 the leaves 7 to 14.
  const { trie } = fullCatalogue({ levels: 3, codes: 2 });
  const tree = (prefixes: number[], parents: number[], wanted: number[] = []): BeamTree => ({
    prefixes: Uint32Array.from(prefixes),
    parents: Int32Array.from(parents),
    wanted: Uint32Array.from(wanted),
  });

  it.each([
    ["nothing", tree([], [])],
    ["the prompt alone", tree([0], [-1], [0])],
    ["ancestors of nothing wanted", tree([0, 1, 3, 4], [-1, -1, 1, 1], [0, 2])],
  ])("lets %s pass", (_, good) => {
    expect(() => checkTree(trie, good)).not.toThrow();
  });

  it.each([
    ["a parent missing", tree([1, 2], [-1])],
    ["a prefix missing", tree([1], [-1, -1])],
    ["a whole code path", tree([1, 3, 7], [-1, 0, 1])],
    ["a node that is not there", tree([99], [-1])],
    ["a duplicate", tree([1, 1], [-1, -1])],
    ["a descending order", tree([2, 1], [-1, -1])],
    ["an entry as its own parent", tree([1, 3], [-1, 1])],
    ["a child without its parent", tree([3], [-1])],
    ["another node's child", tree([1, 2, 3], [-1, -1, 1])],
    ["the prompt as an entry's parent by number", tree([0, 1], [-1, 0])],
    ["a parent below none", tree([1], [-2])],
    ["a wanted entry that is not there", tree([1], [-1], [1])],
    ["wanted entries out of order", tree([1, 2], [-1, -1], [1, 0])],
    ["a wanted entry twice", tree([1], [-1], [0, 0])],
  ])("refuses %s", (_, bad) => {
    const error = thrownBy(() => checkTree(trie, bad));
    expect(error).toBeInstanceOf(DecodingError);
    expect(error).toMatchObject({ code: "BAD_TREE" });
  });
});
