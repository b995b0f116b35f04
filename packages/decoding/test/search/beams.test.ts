import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BestPrefixes } from "../../src/search/beams.js";

describe("BestPrefixes", () => {
  it("keeps the best of what it is offered, in any order, equal scores by prefix", () => {
    const score = fc.constantFrom(-3, -2, -1.5, -1, 0, Number.NEGATIVE_INFINITY);
    fc.assert(
      fc.property(
        fc.nat(12),
        fc.uniqueArray(fc.tuple(fc.nat(60), score), { selector: ([prefix]) => prefix }),
        (capacity, offers) => {
          const best = new BestPrefixes(capacity);
          for (const [prefix, value] of offers) best.offer(prefix, value);
          const expected = offers
            .toSorted(([a, x], [b, y]) => (x === y ? a - b : y - x))
            .slice(0, capacity);
          const { depth, prefixes, scores } = best.drain(3);
          expect(depth).toBe(3);
          expect([...prefixes]).toEqual(expected.map(([prefix]) => prefix));
          expect([...scores]).toEqual(expected.map(([, value]) => value));
          expect(best.drain(3).prefixes).toHaveLength(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("accepts exactly what would change it", () => {
    const best = new BestPrefixes(2);
    best.offer(5, -1);
    expect(best.accepts(9, Number.NEGATIVE_INFINITY)).toBe(true);
    best.offer(7, -2);
    expect(best.accepts(6, -2)).toBe(true);
    expect(best.accepts(8, -2)).toBe(false);
    expect(best.accepts(8, -1.5)).toBe(true);
    expect(best.accepts(1, -2.5)).toBe(false);
  });
});
