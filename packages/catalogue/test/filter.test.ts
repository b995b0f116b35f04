import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildCatalogue } from "../src/build.js";
import { filterCatalogue, filteredOut } from "../src/filter.js";
import { entries, someEntries } from "./arbitraries.js";

const catalogue = buildCatalogue(entries("x 1 2", "y 1 3", "z 4 0"));

describe("filterCatalogue", () => {
  it("leaves the catalogue that the remaining items would have built", () => {
    fc.assert(
      fc.property(someEntries, fc.infiniteStream(fc.nat({ max: 3 })), (source, draws) => {
        const choices = source.map((entry) => ({ entry, choice: draws.next().value ?? 0 }));
        const idsOf = (...wanted: number[]): string[] =>
          choices.filter(({ choice }) => wanted.includes(choice)).map(({ entry }) => entry.id);
        const remaining = choices.filter(({ choice }) => choice === 1).map(({ entry }) => entry);
        fc.pre(remaining.length > 0);
        const whole = buildCatalogue(source);
        const expected = buildCatalogue(remaining).prepared;
        const both = filterCatalogue(whole, { allow: idsOf(1, 2), block: idsOf(0, 2, 3) });
        expect(both.prepared).toEqual(expected);
        expect(filterCatalogue(whole, { allow: idsOf(1) }).prepared).toEqual(expected);
        const out = [...filteredOut(whole, { allow: idsOf(1) })];
        expect(out.map((index) => whole.itemId(index)).sort()).toEqual(idsOf(0, 2, 3).sort());
        expect(filterCatalogue(whole, { block: idsOf(0, 2, 3) }).prepared).toEqual(expected);
      }),
    );
  });

  it("returns the same catalogue if it leaves everything", () => {
    expect(filterCatalogue(catalogue, {})).toBe(catalogue);
    expect(filterCatalogue(catalogue, { block: [] })).toBe(catalogue);
    expect(filterCatalogue(catalogue, { allow: ["z", "x", "y", "x"] })).toBe(catalogue);
  });

  it("reports unknown ids: as an error, or to the caller's function", () => {
    const block = ["p", "x", "q", "r", "s", "p"];
    expect(() => filterCatalogue(catalogue, { block })).toThrow(
      expect.objectContaining({
        code: "UNKNOWN_ITEM",
        message: expect.stringMatching(/"p", "q", "r" and 1 more\. Remove/),
      }),
    );
    const unknown: string[] = [];
    const left = filterCatalogue(catalogue, { block, onUnknown: (ids) => unknown.push(...ids) });
    expect(unknown).toEqual(["p", "q", "r", "s"]);
    expect(left.hash).toBe(buildCatalogue(entries("y 1 3", "z 4 0")).hash);
  });

  it("refuses to leave nothing", () => {
    const empty = expect.objectContaining({ code: "EMPTY" });
    expect(() => filterCatalogue(catalogue, { allow: [] })).toThrow(empty);
    expect(() => filterCatalogue(catalogue, { block: ["x", "y", "z"] })).toThrow(empty);
  });
});
