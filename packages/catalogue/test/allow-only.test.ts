import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allowOnly } from "../src/allow-only.js";
import { buildCatalogue } from "../src/build.js";
import { excludeItems, NOTHING_EXCLUDED } from "../src/exclusion.js";
import { ROOT } from "../src/trie.js";
import { entries, someEntries } from "./arbitraries.js";

describe("allowOnly", () => {
  it("excludes what excluding all other items excludes, with and without a base, and under an exclusion", () => {
    const draws = fc.infiniteStream(fc.integer({ min: 0, max: 7 }));
    fc.assert(
      fc.property(someEntries, draws, fc.boolean(), (source, drawn, hasBase) => {
        const catalogue = buildCatalogue(source);
        const bits = Array.from({ length: catalogue.itemCount }, () => drawn.next().value ?? 0);
        const of = (bit: number) => bits.flatMap((one, index) => (one & bit ? index : []));
        const base = hasBase ? excludeItems(catalogue, of(2)) : NOTHING_EXCLUDED;
        const others = bits.flatMap((one, index) => (one & 1 ? [] : index));
        const allowed = allowOnly(catalogue, of(1), base);
        const expected = excludeItems(catalogue, others, base);
        expect(allowed.size).toBe(expected.size);
        expect(allowed.hasDeadNodes).toBe(expected.hasDeadNodes);
        const more = [allowed, expected].map((below) => excludeItems(catalogue, of(4), below));
        for (const [one, same] of [[allowed, expected], more]) {
          for (let node = 0; node < catalogue.trie.codes.length; node++) {
            expect(one?.isDead(node)).toBe(same?.isDead(node));
            expect(one?.deadChildren(node)).toBe(same?.deadChildren(node));
          }
          for (let index = 0; index < catalogue.itemCount; index++) {
            expect(one?.hasItem(index)).toBe(same?.hasItem(index));
          }
        }
        const closed = [expected, expected.base].flatMap((one) => [...(one?.closedLeaves() ?? [])]);
        expect([...allowed.closedLeaves()]).toEqual(closed.toSorted((a, b) => a - b));
      }),
    );
  });

  it("excludes everything if nothing is allowed", () => {
    const catalogue = buildCatalogue(entries("x 1 2", "y 1 2", "z 4 0"));
    expect(allowOnly(catalogue, []).isDead(ROOT)).toBe(true);
    expect(() => allowOnly(catalogue, [3])).toThrow(RangeError);
  });
});
