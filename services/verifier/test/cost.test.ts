import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CostTracker, describeLine } from "../src/cost/cost-tracker.js";
import { fitLine } from "../src/cost/fit-line.js";

const positive = fc.double({ min: 0.001, max: 100, noNaN: true });
const sizes = fc.uniqueArray(fc.integer({ min: 1, max: 10_000 }), { minLength: 2, maxLength: 8 });

describe("the fitted line", () => {
  it("finds the line that passes lie on", () => {
    fc.assert(
      fc.property(positive, positive, sizes, (callMs, tokenMs, given) => {
        const line = fitLine(
          given.map((tokens) => ({ tokens, milliseconds: callMs + tokenMs * tokens })),
        );
        expect(line.callMs).toBeCloseTo(callMs, 3);
        expect(line.tokenMs).toBeCloseTo(tokenMs, 6);
      }),
    );
  });

  it("has no negative part and no smaller error than its neighbours", () => {
    const passes = fc.array(
      fc.record({ tokens: fc.integer({ min: 1, max: 1_000 }), milliseconds: positive }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(passes, (given) => {
        const { callMs, tokenMs } = fitLine(given);
        expect(Math.min(callMs, tokenMs)).toBeGreaterThanOrEqual(0);
        const errorOf = (call: number, token: number) =>
          given.reduce(
            (sum, pass) => sum + (call + token * pass.tokens - pass.milliseconds) ** 2,
            0,
          );
        const error = errorOf(callMs, tokenMs);
        if (new Set(given.map(({ tokens }) => tokens)).size < 2) return;
        for (const [call, token] of [
          [1.1, 1],
          [0.9, 1],
          [1, 1.1],
          [1, 0.9],
        ] as const) {
          expect(errorOf(callMs * call, tokenMs * token)).toBeGreaterThanOrEqual(
            error * (1 - 1e-9) - 1e-9,
          );
        }
        expect(errorOf(callMs + 0.01, tokenMs)).toBeGreaterThanOrEqual(error * (1 - 1e-9) - 1e-9);
        expect(errorOf(callMs, tokenMs + 0.001)).toBeGreaterThanOrEqual(error * (1 - 1e-9) - 1e-9);
      }),
    );
  });

  it("goes through the origin if all passes are alike, and is zero for none", () => {
    expect(fitLine([{ tokens: 10, milliseconds: 20 }])).toEqual({ callMs: 0, tokenMs: 2 });
    expect(fitLine([])).toEqual({ callMs: 0, tokenMs: 0 });
  });
});

describe("the cost that is kept up", () => {
  it("starts as measured and follows a machine that slows down", () => {
    const tracker = new CostTracker({ callMs: 4, tokenMs: 0.5 });
    expect(tracker.line).toEqual({ callMs: 4, tokenMs: 0.5 });
    for (let pass = 0; pass < 200; pass++) {
      const tokens = 10 + (pass % 7) * 40;
      tracker.observe({ tokens, milliseconds: 3 * (4 + 0.5 * tokens) });
    }
    expect(tracker.line.callMs).toBeCloseTo(12, 1);
    expect(tracker.line.tokenMs).toBeCloseTo(1.5, 1);
  });

  it("changes little after one slow pass", () => {
    const tracker = new CostTracker({ callMs: 4, tokenMs: 0.5 });
    for (let pass = 0; pass < 50; pass++) tracker.observe({ tokens: 100, milliseconds: 54 });
    tracker.observe({ tokens: 100, milliseconds: 540 });
    expect(tracker.line.callMs).toBeLessThan(6);
  });

  it("does not change if no time can be expected", () => {
    const tracker = new CostTracker({ callMs: 0, tokenMs: 0 });
    tracker.observe({ tokens: 100, milliseconds: 54 });
    expect(tracker.line).toEqual({ callMs: 0, tokenMs: 0 });
  });

  it("is described in words", () => {
    expect(describeLine({ callMs: 3.149, tokenMs: 0.5 })).toBe(
      "a call costs 3.1 ms and 500 ms per 1,000 tokens",
    );
  });
});
