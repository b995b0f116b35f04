import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildCatalogue } from "../src/build.js";
import { addClosingLevels, codesAt } from "../src/closing-levels.js";
import { filterCatalogue } from "../src/filter.js";
import { decodePrepared } from "../src/prepared.js";
import { findPrefix, pathOf } from "../src/trie.js";
import { entries, someEntries } from "./arbitraries.js";

const levels = fc.integer({ min: 1, max: 4 });

describe("addClosingLevels", () => {
  it("has the trie of paths that end with zeros", () => {
    fc.assert(
      fc.property(someEntries, levels, (source, count) => {
        const closed = addClosingLevels(buildCatalogue(source), count);
        const zeros = new Array<number>(count).fill(0);
        fc.pre((source[0]?.codes.length ?? 0) + count <= 8);
        const expected = buildCatalogue(
          source.map((one) => ({ ...one, codes: [...Array.from(one.codes), ...zeros] })),
        );
        expect(closed.trie).toEqual(expected.trie);
        expect(closed.codesPerLevel).toEqual(expected.codesPerLevel);
      }),
    );
  });

  it("keeps the items, their order, their codes and the hash", () => {
    fc.assert(
      fc.property(someEntries, levels, (source, count) => {
        const plain = buildCatalogue(source);
        const closed = addClosingLevels(plain, count);
        expect(closed.hash).toBe(plain.hash);
        expect(closed.closingLevels).toBe(count);
        for (const { id, codes } of source) {
          const item = closed.itemIndex(id) ?? -1;
          expect(item).toBe(plain.itemIndex(id));
          const leaf = closed.leafOf(item);
          expect(codesAt(closed, leaf)).toEqual(Array.from(codes));
          expect(pathOf(closed.trie, leaf).length).toBe(codes.length + count);
          expect(closed.itemsAt(leaf)).toEqual(plain.itemsAt(plain.leafOf(item)));
          const prefix = findPrefix(closed.trie, Array.from(codes));
          expect(prefix).toBe(plain.leafOf(item));
          expect(closed.itemsUnder(prefix)).toBe(plain.itemsUnder(prefix));
        }
      }),
    );
  });

  it("gives bytes that another thread can read", () => {
    const closed = addClosingLevels(buildCatalogue(entries("x 1 2", "y 1 3", "z 4 0")), 2);
    expect(decodePrepared(closed.prepared).trie).toEqual(closed.trie);
  });

  it("adds nothing for no levels, and refuses what it cannot add", () => {
    const plain = buildCatalogue(entries("x 1 2"));
    expect(addClosingLevels(plain, 0)).toBe(plain);
    expect(() => addClosingLevels(plain, 5)).toThrow(RangeError);
    expect(() => addClosingLevels(addClosingLevels(plain, 1), 1)).toThrow(RangeError);
    const closed = addClosingLevels(plain, 1);
    expect(() => filterCatalogue(closed, { allow: ["x"] })).toThrow(RangeError);
  });
});
