import { pathOf } from "@nightbeam/catalogue";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bruteForce } from "../support/brute-force.js";
import { decodeBatch } from "../support/decode.js";
import { FakeScorer, junkDrafter } from "../support/fakes.js";
import {
  decode,
  drafterFor,
  drafterNames,
  optionsFor,
  remainingPaths,
  type Scenario,
  scoredPaths,
  someScenario,
  USER,
} from "../support/scenario.js";

const EXACT = [1, 2, 3, 1e6];
/** With many equal scores, another order of additions would decide which of them comes first. */
const DISTINCT = [1e6];

function plainSearch(scenario: Scenario) {
  const { model, prompt, beamWidth } = scenario;
  return bruteForce({ paths: remainingPaths(scenario), model, prompt, beamWidth });
}

describe.each(drafterNames)("a search with the drafter: %s", (name) => {
  it("gives the beams of plain beam search, bit for bit", async () => {
    await fc.assert(
      fc.asyncProperty(someScenario({ excluding: false, values: EXACT }), async (scenario) => {
        const outcome = await decode(scenario, drafterFor(name, scenario));
        expect(scoredPaths(scenario, outcome)).toEqual(plainSearch(scenario).at(-1));
      }),
      { numRuns: 150 },
    );
  });

  it("keeps as many prefixes as each level says, and equal widths are one", async () => {
    const some = someScenario({ excluding: false, values: EXACT });
    const someWidths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 4, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(some, someWidths, async (scenario, drawn) => {
        const { prompt, history, exclusion, model, catalogue, beamWidth } = scenario;
        const { levels } = catalogue.trie;
        const beamsOf = async (widths: readonly number[]) => {
          const options = optionsFor(scenario, drafterFor(name, scenario));
          const jobs = [{ key: 7, name: USER, prompt, history, exclusion }];
          const [outcome] = await decodeBatch({ ...options, beamWidth: widths }, jobs);
          return outcome === undefined ? [] : scoredPaths(scenario, outcome);
        };
        const widths = Array.from({ length: levels }, (_, level) => drawn[level] ?? 1);
        const paths = remainingPaths(scenario);
        const expected = bruteForce({ paths, model, prompt, beamWidth: widths }).at(-1);
        expect(await beamsOf(widths)).toEqual(expected);
        const equal = await beamsOf(new Array<number>(levels).fill(beamWidth));
        expect(equal).toEqual(plainSearch(scenario).at(-1));
      }),
      { numRuns: 60 },
    );
  });

  it("gives the beams of the catalogue without what is excluded", async () => {
    await fc.assert(
      fc.asyncProperty(someScenario({ excluding: true, values: DISTINCT }), async (scenario) => {
        const outcome = await decode(scenario, drafterFor(name, scenario));
        const found = scoredPaths(scenario, outcome);
        const expected = plainSearch(scenario).at(-1) ?? [];
        expect(found.map(({ path }) => path)).toEqual(expected.map(({ path }) => path));
        const tolerance = scenario.scoring === "full" ? 0 : 1e-12;
        found.forEach(({ score }, at) => {
          const difference = Math.abs(score - (expected[at]?.score ?? Number.NaN));
          expect(difference).toBeLessThanOrEqual(tolerance);
        });
      }),
      { numRuns: 150 },
    );
  });

  it("never takes more calls than plain search, and accounts for every step", async () => {
    await fc.assert(
      fc.asyncProperty(someScenario({ excluding: true, values: EXACT }), async (scenario) => {
        const plain = await decode(scenario, drafterFor("none", scenario));
        const { cost } = await decode(scenario, drafterFor(name, scenario));
        expect(cost.calls).toBeLessThanOrEqual(plain.cost.calls);
        expect(cost.nodes).toBeGreaterThanOrEqual(plain.cost.nodes);
        expect(cost.firstCallAcceptedSteps).toBeLessThanOrEqual(cost.acceptedSteps);
        const { levels } = scenario.catalogue.trie;
        const steps = cost.calls + cost.acceptedSteps;
        if (scenario.scoring === "renormalized") expect(steps).toBeLessThanOrEqual(levels);
        else expect(steps).toBe(scenario.remaining === undefined ? 0 : levels);
      }),
      { numRuns: 150 },
    );
  });
});

it("asks plain search's own questions when nothing is drafted", async () => {
  await fc.assert(
    fc.asyncProperty(someScenario({ excluding: true, values: DISTINCT }), async (scenario) => {
      const { cost } = await decode(scenario, drafterFor("none", scenario));
      // The beams of each depth, except for the root and the last.
      const inner = plainSearch(scenario).slice(1, -1).flat();
      const { levels } = scenario.catalogue.trie;
      if (scenario.scoring === "full") {
        expect(cost).toMatchObject({
          calls: scenario.remaining === undefined ? 0 : levels,
          nodes: inner.length,
          acceptedSteps: 0,
        });
      } else {
        const paths = remainingPaths(scenario);
        const open = inner.filter(({ path }) => continuations(paths, path) > 1);
        expect(cost.nodes).toBe(open.length);
      }
    }),
    { numRuns: 300 },
  );
});

it("needs one call if the draft is right and at least as wide as the beams", async () => {
  await fc.assert(
    fc.asyncProperty(
      someScenario({ excluding: true, values: DISTINCT }),
      fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }),
      async (drawn, extra) => {
        const { levels } = drawn.catalogue.trie;
        const widths = extra.slice(0, levels - 1).map((more) => drawn.beamWidth + more);
        const scenario = { ...drawn, widths };
        const { cost } = await decode(scenario, drafterFor("perfect", scenario));
        const plain = await decode(scenario, drafterFor("none", scenario));
        expect(cost.calls).toBe(Math.min(1, plain.cost.calls));
        if (scenario.scoring === "full" && cost.calls === 1) {
          expect(cost).toMatchObject({
            acceptedSteps: levels - 1,
            firstCallAcceptedSteps: levels - 1,
          });
        }
      },
    ),
    { numRuns: 500 },
  );
});

it("asks only about prefixes that a search can enter and whose next code is not certain, for any draft", async () => {
  await fc.assert(
    fc.asyncProperty(someScenario({ excluding: true, values: DISTINCT }), async (scenario) => {
      const { prompt, history, exclusion, catalogue, model } = scenario;
      const target = new FakeScorer(catalogue.trie, model);
      const decoder = {
        ...optionsFor({ ...scenario, widths: [9] }, junkDrafter(scenario.seed)),
        target,
      };
      await decodeBatch(decoder, [{ key: 1, prompt, history, exclusion }]);
      const paths = remainingPaths(scenario);
      for (const { tree } of target.calls.flat()) {
        for (const entry of tree.wanted) {
          const path = pathOf(catalogue.trie, tree.prefixes[entry] ?? Number.NaN);
          const least = scenario.scoring === "full" ? 1 : 2;
          expect(continuations(paths, path)).toBeGreaterThanOrEqual(least);
        }
      }
    }),
    { numRuns: 300 },
  );
});

/** Different codes that follow a prefix among these paths. */
function continuations(paths: readonly number[][], prefix: readonly number[]): number {
  const below = paths.filter((path) => prefix.every((code, i) => path[i] === code));
  return new Set(below.map((path) => path[prefix.length])).size;
}
