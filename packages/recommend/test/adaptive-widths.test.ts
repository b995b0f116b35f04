import { describe, expect, it } from "vitest";
import { adaptiveWidths } from "../src/models/adaptive-widths.js";
import { draftPolicy } from "../src/models/draft-policy.js";

const BEAM_WIDTH = 8;
const LEVELS = 4;
/** Milliseconds of a batch of plain search. */
const PLAIN = 10;

/** Runs batches whose cost is known. `factors` are of the widths 10, 16 and 24, plain search being 1. */
function simulate(
  batches: number,
  factors: Readonly<Record<number, number>>,
  options: { atOnce?: number; noise?: number } = {},
): { chosen: number[]; cost: number } {
  const policy = adaptiveWidths({ beamWidth: BEAM_WIDTH, levels: LEVELS });
  const { atOnce = 1, noise = 0 } = options;
  const chosen: number[] = [];
  let cost = 0;
  const underWay: (() => void)[] = [];
  for (let batch = 0; batch < batches; batch++) {
    // Sizes differ; what a batch costs goes with its size.
    const users = 1 + (batch % 32);
    const outlook = { users, promptTokens: 30 + (batch % 7) };
    const widths = policy.widthsFor(outlook);
    const [width = 0] = widths;
    const factor = width === 0 ? 1 : (factors[width] ?? Number.NaN);
    const rows = users * (outlook.promptTokens + (LEVELS - 1) * BEAM_WIDTH);
    const disturbed = 1 + noise * Math.sin(batch * 12.9898) ** 2;
    const milliseconds = PLAIN * rows * factor * disturbed;
    chosen.push(width);
    cost += milliseconds / (PLAIN * rows * disturbed);
    underWay.push(() => policy.observe({ ...outlook, widths, tokens: rows, milliseconds }));
    if (underWay.length >= atOnce) underWay.shift()?.();
  }
  return { chosen, cost };
}

describe("adaptive widths", () => {
  it.each([
    [{ 10: 0.9, 16: 0.6, 24: 0.8 }, 16],
    [{ 10: 0.5, 16: 0.6, 24: 0.8 }, 10],
    [{ 10: 1.1, 16: 1.05, 24: 0.7 }, 24],
    [{ 10: 1.3, 16: 1.5, 24: 2 }, 0],
    [{ 10: 1, 16: 1, 24: 0.99 }, 0],
  ])("end on the cheapest choice: %j", (factors, best) => {
    for (const options of [{}, { atOnce: 6 }, { noise: 0.3 }]) {
      const { chosen } = simulate(1000, factors, options);
      expect(chosen.slice(-200)).toEqual(new Array(200).fill(best));
    }
  });

  it.each([10, 100, 1000, 10_000])(
    "cost at most a twentieth more than plain search over %i batches, however slow the drafts",
    (batches) => {
      for (const slow of [1.05, 1.3, 2, 3]) {
        for (const atOnce of [1, 6]) {
          const factors = { 10: slow, 16: 1.2 * slow, 24: 1.5 * slow };
          const { cost } = simulate(batches, factors, { atOnce });
          expect(cost / batches, `drafts ${slow} times as slow`).toBeLessThanOrEqual(1.05);
        }
      }
    },
  );

  it("gain nearly all that drafts can in a long run", () => {
    const { cost } = simulate(1000, { 10: 0.5, 16: 0.4, 24: 0.45 });
    expect(cost / 1000).toBeLessThan(0.45);
  });

  it("do not try in a run that is too short to pay for it", () => {
    expect(simulate(20, { 10: 0.1, 16: 0.1, 24: 0.1 }).chosen).toEqual(new Array(20).fill(0));
  });

  it("return to plain search when a draft becomes slower", () => {
    const policy = adaptiveWidths({ beamWidth: BEAM_WIDTH, levels: LEVELS });
    const outlook = { users: 1, promptTokens: 10 };
    const run = (batches: number, draftCost: number) => {
      let last = 0;
      for (let batch = 0; batch < batches; batch++) {
        const widths = policy.widthsFor(outlook);
        last = widths[0] ?? 0;
        const milliseconds = last === 0 ? 10 : draftCost;
        policy.observe({ ...outlook, widths, tokens: 1, milliseconds });
      }
      return last;
    };
    expect(run(200, 5)).toBeGreaterThan(0);
    expect(run(200, 20)).toBe(0);
  });
});

describe("draft policy", () => {
  const search = { beamWidth: 8, levels: 4 };
  const outlook = { users: 1, promptTokens: 1 };

  it("takes one width for all levels, or one for each but the last", () => {
    expect(draftPolicy([40], search).widthsFor(outlook)).toEqual([40, 40, 40]);
    expect(draftPolicy([60, 40, 30], search).widthsFor(outlook)).toEqual([60, 40, 30]);
    expect(draftPolicy([0], search).widthsFor(outlook)).toEqual([]);
    expect(draftPolicy("auto", search).widthsFor(outlook)).toEqual([]);
  });

  it("refuses widths that do not fit the catalogue", () => {
    expect(() => draftPolicy([60, 40], search)).toThrow(
      "`draftWidth` 60,40: give one width, or 3 for this catalogue of 4 levels",
    );
  });
});
