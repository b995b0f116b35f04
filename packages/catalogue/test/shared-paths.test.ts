import { describe, expect, it } from "vitest";
import { buildCatalogue } from "../src/build.js";
import { sharedPaths } from "../src/shared-paths.js";

describe("shared paths", () => {
  it("are counted, and the largest are examples", () => {
    const paths = { a: [0, 1], b: [1, 1], c: [1, 1], d: [2, 0], e: [2, 0], f: [2, 0] };
    const entries = Object.entries(paths).map(([id, codes]) => ({ id, codes, where: id }));
    const catalogue = buildCatalogue(entries);
    const { largest, ...counts } = sharedPaths(catalogue, { examples: 1 });
    expect(counts).toEqual({ paths: 2, items: 5 });
    expect(largest).toEqual([{ codes: [2, 0], items: Uint32Array.of(3, 4, 5) }]);
    expect(sharedPaths(buildCatalogue(entries.slice(0, 2)), { examples: 9 })).toEqual({
      ...{ paths: 0, items: 0, largest: [] },
    });
  });
});
