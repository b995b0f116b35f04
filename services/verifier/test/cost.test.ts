import { nodeCount } from "@nightbeam/decoding";
import { CostTracker, describeLine, fitLine } from "@nightbeam/recommend";
import { systemClock } from "@nightbeam/service";
import { fullCatalogue } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { searchCalls, treeCalls } from "../src/cost/made-up-calls.js";
import { measureCost } from "../src/cost/measure-cost.js";

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

describe("what is measured at the start", () => {
  // Of 81 tokens, as 20 items of 4 codes.
  const model = { encodePrompt: () => new Int32Array(81), maxPromptTokens: 500 };
  const from = { model, catalogue: fullCatalogue({ levels: 4, codes: 8 }) };
  /** Milliseconds of a pass of so many rows on a GPU: nearly constant up to a few thousand, then a line. */
  const passOf = (rows: number) => Math.max(13, 8 + rows / 1_000);

  async function measured(maxTokens: number) {
    const rows: number[] = [];
    let now = 0;
    const pass = (count: number) => {
      rows.push(count);
      now += passOf(count);
    };
    const scorer: Parameters<typeof treeCalls>[1] = {
      score: async (requests) => {
        pass(requests.reduce((sum, { prompt, tree }) => sum + prompt.length + nodeCount(tree), 0));
        return [];
      },
      release: () => undefined,
    };
    const clock = { ...systemClock, now: () => now };
    const line = await measureCost({ calls: treeCalls(from, scorer), clock, maxTokens });
    return { line, rows: Math.max(...rows) };
  }

  it("reaches the batches of a GPU, and not beyond those of a processor", async () => {
    const [gpu, cpu] = [await measured(16_384), await measured(4_096)];
    expect(gpu.rows).toBeGreaterThan(64 * (81 + 32) - 1);
    expect(cpu.rows).toBeLessThanOrEqual(4_096);
    // The line of small calls alone has it that rows cost nothing.
    const at = ({ callMs, tokenMs }: typeof gpu.line) => callMs + 10_000 * tokenMs;
    expect(at(gpu.line) / passOf(10_000)).toBeCloseTo(1, 1);
    expect(at(cpu.line) / passOf(10_000)).toBeLessThan(0.8);
  });

  it("has whole searches of as many users", () => {
    const searcher = { search: async () => [] };
    const rows = searchCalls(from, searcher).map((call) => call.rows);
    expect(Math.max(...rows)).toBeGreaterThan(4_096);
    expect(Math.max(...rows)).toBeLessThan(16_384);
    expect(rows).toEqual(rows.toSorted((a, b) => a - b));
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
