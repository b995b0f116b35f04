import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dangerousCodes } from "../../src/reuse/outside.js";

/** Log-softmax with every step rounded to float32, and exponentials summed one by one: as coarse as a model may be. */
function coarseLogSoftmax(logits: readonly number[]): number[] {
  const largest = Math.max(...logits);
  const sum = logits.reduce(
    (total, logit) => Math.fround(total + Math.fround(Math.exp(Math.fround(logit - largest)))),
    0,
  );
  const normaliser = Math.fround(Math.log(sum));
  return logits.map((logit) => Math.fround(Math.fround(logit - largest) - normaliser));
}

/** All that can follow a prefix, and which of it are its children. Far logits underflow as probabilities. */
const someRow = fc
  .record({
    spread: fc.constantFrom(0, 1, 10, 100, 1000),
    size: fc.integer({ min: 1, max: 300 }),
  })
  .chain(({ spread, size }) => {
    const shape = { minLength: size, maxLength: size };
    return fc.record({
      logProbs: fc
        .array(fc.float({ min: -1, max: 0, noNaN: true }), shape)
        .map((drawn) => coarseLogSoftmax(drawn.map((value) => Math.fround(value * spread)))),
      isChild: fc.array(fc.boolean(), shape),
    });
  });

/** From 0 to far below what a float64 exponential can be. */
const someLimit = fc.double({ min: -1500, max: 0.01, noNaN: true });

describe("the codes that could be among the best", () => {
  it("are none only if no other code could be, however probabilities are rounded", () => {
    fc.assert(
      fc.property(someRow, someLimit, ({ logProbs, isChild }, limit) => {
        const children = logProbs.filter((_, code) => isChild[code]);
        const others = logProbs.filter((_, code) => !isChild[code]);
        for (const one of [limit, ...others]) {
          const isDanger = (logProb: number) => !(logProb < one);
          const found = dangerousCodes(children, { outside: undefined, isDanger });
          if (others.some(isDanger)) expect(found).toBe("all");
        }
      }),
    );
  });

  it("are those that are, if the target lists enough of the others", () => {
    const width = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(someRow, someLimit, width, ({ logProbs, isChild }, limit, listed) => {
        const ranked = logProbs
          .map((logProb, code) => ({ logProb, code }))
          .filter(({ code }) => !isChild[code])
          .sort((a, b) => b.logProb - a.logProb);
        const best = ranked.slice(0, listed);
        const rest = Array.from({ length: listed - best.length }, () => Number.NEGATIVE_INFINITY);
        const outside = {
          codes: Uint16Array.from([...best.map(({ code }) => code), ...rest.map(() => 0)]),
          logProbs: Float64Array.from([...best.map(({ logProb }) => logProb), ...rest]),
        };
        const isDanger = (logProb: number) => !(logProb < limit);
        const children = logProbs.filter((_, code) => isChild[code]);
        const found = dangerousCodes(children, { outside, isDanger });
        const danger = ranked.filter(({ logProb }) => isDanger(logProb)).map(({ code }) => code);
        if (found === "none") expect(danger).toEqual([]);
        else if (found === "all") expect(danger.length).toBeGreaterThanOrEqual(listed);
        else expect([...found]).toEqual(danger.sort((a, b) => a - b));
      }),
    );
  });
});

it("is nothing that certain children, or a sum that rounds above 1, can turn into a number below all", () => {
  const isDanger = (logProb: number) => logProb >= -5;
  for (const row of [[0], [1e-6], [Math.log(0.6), Math.log(0.4) + 1e-6]]) {
    expect(dangerousCodes(row, { outside: undefined, isDanger })).toBe("none");
    const always = { outside: undefined, isDanger: (logProb: number) => logProb >= -7 };
    expect(dangerousCodes(row, always)).toBe("all");
  }
});
