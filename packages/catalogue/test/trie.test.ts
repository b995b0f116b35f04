import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildCatalogue } from "../src/build.js";
import {
  childCodes,
  childCount,
  childOf,
  childRange,
  depthOf,
  findPrefix,
  leafRange,
  levelWidths,
  parentOf,
  pathOf,
  ROOT,
} from "../src/trie.js";
import { entries, prefixesByDepth, someEntries } from "./arbitraries.js";

function compareCodes(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((code, i) => code !== b[i]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

describe("the trie", () => {
  it("has one node for each distinct prefix, breadth-first and in the order of the codes", () => {
    fc.assert(
      fc.property(someEntries, (source) => {
        const { trie } = buildCatalogue(source);
        const expected = prefixesByDepth(source);
        expect(levelWidths(trie)).toEqual(expected.map((prefixes) => prefixes.size));
        for (const [depth, prefixes] of expected.entries()) {
          const nodes = Array.from(
            { length: prefixes.size },
            (_, i) => (trie.levelStart[depth] ?? 0) + i,
          );
          const paths = nodes.map((node) => pathOf(trie, node));
          expect(new Set(paths.map((path) => path.join()))).toEqual(prefixes);
          expect(paths).toEqual([...paths].sort(compareCodes));
          expect(nodes.map((node) => depthOf(trie, node))).toEqual(nodes.map(() => depth));
        }
      }),
    );
  });

  it("agrees with itself on parents, children and prefixes", () => {
    fc.assert(
      fc.property(someEntries, (source) => {
        const { trie } = buildCatalogue(source);
        for (let node = ROOT; node < trie.codes.length; node++) {
          expect(findPrefix(trie, pathOf(trie, node))).toBe(node);
          expect(childCodes(trie, node)).toHaveLength(childCount(trie, node));
          for (const code of childCodes(trie, node)) {
            expect(parentOf(trie, childOf(trie, node, code))).toBe(node);
          }
          expect(childCount(trie, node) === 0).toBe(depthOf(trie, node) === trie.levels);
          expect(childOf(trie, node, 77)).toBe(-1);
        }
      }),
    );
  });

  it("lies in memory as its contract says", () => {
    const { trie } = buildCatalogue(entries("x 5 1", "y 2 9", "z 5 0", "again 5 1"));
    expect(Array.from(trie.codes)).toEqual([0, 2, 5, 9, 0, 1]);
    expect(Array.from(trie.firstChild)).toEqual([1, 3, 4, 6, 6, 6, 6]);
    expect(Array.from(trie.levelStart)).toEqual([0, 1, 3, 6]);
    expect(findPrefix(trie, [5, 9])).toBe(-1);
  });

  it("has consecutive children, and consecutive leaves below every node", () => {
    fc.assert(
      fc.property(someEntries, (source) => {
        const { trie } = buildCatalogue(source);
        const nodes = [...trie.codes.keys()];
        const leafStart = trie.levelStart[trie.levels] ?? 0;
        const numbers = ({ first, end }: { first: number; end: number }) =>
          Array.from({ length: end - first }, (_, i) => first + i);
        const beginsWith = (node: number, prefix: readonly number[]) =>
          pathOf(trie, node).slice(0, prefix.length).join() === prefix.join();
        for (const node of nodes) {
          const children = nodes.filter((one) => one !== ROOT && parentOf(trie, one) === node);
          expect(numbers(childRange(trie, node))).toEqual(children);
          const path = pathOf(trie, node);
          const leaves = nodes.filter((one) => one >= leafStart && beginsWith(one, path));
          expect(numbers(leafRange(trie, node))).toEqual(leaves);
        }
      }),
      { numRuns: 30 },
    );
  });
});
