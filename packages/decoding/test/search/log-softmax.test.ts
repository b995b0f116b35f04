import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { logSoftmax } from "../../src/search/log-softmax.js";

const logit = fc.oneof(
  fc.double({ min: -800, max: 800, noNaN: true }),
  fc.constant(Number.NEGATIVE_INFINITY),
);

describe("logSoftmax", () => {
  it("makes probabilities that sum to 1, in place, and returns what it subtracted", () => {
    fc.assert(
      fc.property(fc.array(logit, { minLength: 1 }), (logits) => {
        fc.pre(logits.some((one) => one > Number.NEGATIVE_INFINITY));
        const values = Float64Array.from(logits);
        const normaliser = logSoftmax(values);
        expect([...values]).toEqual(logits.map((one) => one - normaliser));
        expect(values.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 9);
      }),
    );
  });

  it("leaves the impossible impossible", () => {
    const values = new Float64Array(3).fill(Number.NEGATIVE_INFINITY);
    expect(logSoftmax(values)).toBe(Number.NEGATIVE_INFINITY);
    expect([...values]).toEqual(new Array(3).fill(Number.NEGATIVE_INFINITY));
    expect(logSoftmax(new Float64Array())).toBe(Number.NEGATIVE_INFINITY);
  });
});
