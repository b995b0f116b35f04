import { describe, expect, it } from "vitest";
import { buildCatalogue, type CatalogueEntry } from "../src/build.js";
import { decodePrepared, encodePrepared } from "../src/prepared.js";

const items = 1_000_000;

function* synthetic(levels: number): Generator<CatalogueEntry> {
  let state = 1;
  for (let i = 0; i < items; i++) {
    const codes = Array.from({ length: levels }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
      return state >>> 16;
    });
    yield { id: `item-${i}`, codes, where: `line ${i + 1}` };
  }
}

// Codes over the whole range are the worst case: hardly a prefix beyond the first code is shared.
describe.each([4, 8])("a million items of %i codes", (levels) => {
  it("load fast and take less than 100 bytes per item", () => {
    const prepared = Buffer.from(encodePrepared(buildCatalogue(synthetic(levels))));
    const start = performance.now();
    const catalogue = decodePrepared(prepared);
    const elapsed = performance.now() - start;
    const bytes = catalogue.prepared.byteLength / items;
    console.log(
      `L = ${levels}: ${elapsed.toFixed(0)} ms to load, ${bytes.toFixed(1)} bytes per item`,
    );
    expect(elapsed).toBeLessThan(2000);
    expect(bytes).toBeLessThan(100);
    // Every array is a view of the same buffer, so its length is the sum of theirs.
    for (const array of [...Object.values(catalogue.trie), catalogue.codesPerLevel]) {
      if (typeof array !== "number") expect(array.buffer).toBe(catalogue.prepared.buffer);
    }
    expect(catalogue.itemId(catalogue.itemIndex("item-123456") ?? Number.NaN)).toBe("item-123456");
  });
});
