import fc from "fast-check";
import { expect, it } from "vitest";
import { FAULT_KINDS } from "./faults/all.js";
import { fits, planCampaign } from "./plan.js";

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const sizes = fc.integer({ min: 1, max: 300 });

it("plans every kind once before any comes again, from the seed alone", () => {
  fc.assert(
    fc.property(seeds, sizes, (seed, faults) => {
      const steps = planCampaign({ seed, faults, kinds: FAULT_KINDS });
      expect(planCampaign({ seed, faults, kinds: FAULT_KINDS })).toEqual(steps);
      const names = steps.flatMap(({ kinds }) => kinds.map(({ name }) => name));
      expect(names).toHaveLength(faults);
      const times = FAULT_KINDS.map(({ name }) => names.filter((other) => other === name).length);
      expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
    }),
  );
});

it("lets two faults overlap only if they touch different parts and can share a night", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const steps = planCampaign({ seed, faults: 200, kinds: FAULT_KINDS });
      expect(steps.some(({ kinds }) => kinds.length > 1)).toBe(true);
      for (const step of steps) {
        const touched = step.kinds.flatMap(({ touches }) => touches);
        expect(new Set(touched).size).toBe(touched.length);
        expect(fits(step, "directory") || fits(step, "s3")).toBe(true);
      }
    }),
    { numRuns: 20 },
  );
});

it("names each kind once", () => {
  expect(new Set(FAULT_KINDS.map(({ name }) => name)).size).toBe(FAULT_KINDS.length);
});
