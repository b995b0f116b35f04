import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildCatalogue } from "../src/build.js";
import { excludeItems, NOTHING_EXCLUDED } from "../src/exclusion.js";
import { pathOf, ROOT } from "../src/trie.js";
import { entries, prefixesByDepth, someEntries } from "./arbitraries.js";

describe("excludeItems", () => {
  it("leaves alive the nodes of the trie that the remaining items would build", () => {
    fc.assert(
      fc.property(someEntries, fc.infiniteStream(fc.boolean()), (source, draws) => {
        const catalogue = buildCatalogue(source);
        const out = source.filter(() => draws.next().value === true);
        const remaining = source.filter((entry) => !out.includes(entry));
        const indices = out.map(({ id }) => catalogue.itemIndex(id) ?? Number.NaN);
        const exclusion = excludeItems(catalogue, indices);

        const nodes = Array.from(catalogue.trie.codes.keys());
        const alive = nodes.filter((node) => !exclusion.isDead(node));
        const expected = prefixesByDepth(remaining).flatMap((prefixes) => [...prefixes]);
        expect(alive.map((node) => pathOf(catalogue.trie, node).join()).sort()).toEqual(
          expected.sort(),
        );
        expect(exclusion.hasDeadNodes).toBe(alive.length < nodes.length);
        expect(exclusion.size).toBe(out.length);
        for (let index = 0; index < catalogue.itemCount; index++) {
          expect(exclusion.hasItem(index)).toBe(indices.includes(index));
        }
      }),
    );
  });

  it("is the same on top of a base as in one", () => {
    fc.assert(
      fc.property(
        someEntries,
        fc.infiniteStream(fc.integer({ min: 0, max: 3 })),
        (source, draws) => {
          const catalogue = buildCatalogue(source);
          const drawn = Array.from({ length: catalogue.itemCount }, () => draws.next().value ?? 0);
          const of = (bit: number) => drawn.flatMap((draw, index) => (draw & bit ? index : []));
          const base = excludeItems(catalogue, of(1));
          const layered = excludeItems(catalogue, of(2), base);
          const once = excludeItems(catalogue, [...of(1), ...of(2)]);
          expect(layered.size).toBe(once.size);
          expect(layered.hasDeadNodes).toBe(once.hasDeadNodes);
          const leaves = [layered, layered.base].flatMap((one) => [...(one?.closedLeaves() ?? [])]);
          expect(leaves.toSorted((a, b) => a - b)).toEqual([...once.closedLeaves()]);
          for (const leaf of once.closedLeaves()) expect(once.isDead(leaf)).toBe(true);
          for (let node = 0; node < catalogue.trie.codes.length; node++) {
            expect(layered.isDead(node)).toBe(once.isDead(node));
            expect(layered.deadChildren(node)).toBe(once.deadChildren(node));
          }
          for (let index = 0; index < catalogue.itemCount; index++) {
            expect(layered.hasItem(index)).toBe(once.hasItem(index));
          }
        },
      ),
    );
  });

  it("excludes one of several items on a path without closing the path", () => {
    const catalogue = buildCatalogue(entries("x 1 2", "y 1 2", "z 4 0"));
    const exclusion = excludeItems(catalogue, [0, 0]);
    expect(exclusion).toMatchObject({ size: 1, hasDeadNodes: false });
    expect(excludeItems(catalogue, [0, 1, 2]).isDead(ROOT)).toBe(true);
    expect(() => excludeItems(catalogue, [3])).toThrow(RangeError);
  });

  it("has a constant for no exclusion", () => {
    expect(NOTHING_EXCLUDED).toMatchObject({ size: 0, hasDeadNodes: false });
    expect(NOTHING_EXCLUDED.hasItem(0)).toBe(false);
    expect(NOTHING_EXCLUDED.isDead(ROOT)).toBe(false);
  });
});
