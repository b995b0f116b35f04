import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lengthClass } from "../../src/index.js";

describe("classes of prompt lengths", () => {
  it("pad by at most a sixteenth, and are classes of themselves", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200_000 }), (tokens) => {
        const padded = lengthClass(tokens);
        expect(Number.isInteger(padded)).toBe(true);
        expect(padded).toBeGreaterThanOrEqual(tokens);
        expect(padded - tokens).toBeLessThanOrEqual(tokens / 16);
        expect(lengthClass(padded)).toBe(padded);
      }),
    );
  });

  it("are few: sixteen from a number to its double", () => {
    const classes = new Set(Array.from({ length: 1024 }, (_, at) => lengthClass(1025 + at)));
    expect(classes.size).toBe(16);
  });
});
