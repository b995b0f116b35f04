import { NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import { fullCatalogue } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Drafter, fixedWidths, type SearchOutcome } from "../src/index.js";
import { decodeBatch, decodePublished } from "./support/decode.js";
import { FakeScorer } from "./support/fakes.js";
import {
  decode,
  drafterFor,
  drafterNames,
  optionsFor,
  type Scenario,
  someScenario,
  USER,
} from "./support/scenario.js";

async function published(scenario: Scenario, drafter: Drafter): Promise<SearchOutcome> {
  const { catalogue, model, prompt, history, exclusion } = scenario;
  const target = new FakeScorer(catalogue.trie, model, { mayRepeat: true });
  const decoder = { ...optionsFor(scenario, drafter), target };
  const [outcome] = await decodePublished(decoder, [
    { key: 7, name: USER, prompt, history, exclusion },
  ]);
  expect(target.heldKeys).toEqual([]);
  if (outcome === undefined) throw new Error("the batch has no outcome");
  return outcome;
}

describe.each(drafterNames)("the published loop with the drafter: %s", (name) => {
  it("gives the beams of plain beam search, bit for bit, and accounts for every step", async () => {
    await fc.assert(
      fc.asyncProperty(someScenario({ excluding: true, values: [1, 2, 1e6] }), async (scenario) => {
        const plain = await decode(scenario, drafterFor("none", scenario));
        const { beams, cost } = await published(scenario, drafterFor(name, scenario));
        expect(beams).toEqual(plain.beams);
        expect(cost.calls).toBeLessThanOrEqual(plain.cost.calls);
        expect(cost.nodes).toBeGreaterThanOrEqual(plain.cost.nodes);
        if (scenario.scoring === "full")
          expect(cost.calls + cost.acceptedSteps).toBe(plain.cost.calls);
      }),
      { numRuns: 60 },
    );
  });
});

describe("the published loop", () => {
  const { trie } = fullCatalogue({ levels: 4, codes: 2 });
  /** Drafts both prefixes of depth 1, and of the others the first half. */
  const half: Drafter = {
    draft: (requests) =>
      Promise.resolve(
        requests.map(({ search }) => ({
          milliseconds: 1,
          levels: [1, 2, 3].slice(search.state.beams.depth).map((depth) => {
            const first = trie.levelStart[depth] ?? 0;
            const prefixes = Uint32Array.from({ length: depth === 1 ? 2 : 2 ** (depth - 1) }).map(
              (_, at) => first + at,
            );
            return { depth, prefixes, scores: new Float64Array(prefixes.length) };
          }),
        })),
      ),
    release: () => undefined,
  };
  /** Likes the last code at every prefix. */
  const model = {
    logProbs: (_: Int32Array, { codes }: { codes: readonly number[] }) =>
      codes.map((code) => code - 2),
  };
  const run = async (decodeWith: typeof decodeBatch) => {
    const target = new FakeScorer(trie, model, { mayRepeat: true });
    const decoder = {
      target,
      drafter: half,
      policy: fixedWidths([2, 2, 4]),
      space: { trie, scoring: "full" },
      beamWidth: 3,
    } as const;
    const job = { key: 1, prompt: Int32Array.of(1), history: new Uint32Array() };
    const [outcome] = await decodeWith(decoder, [{ ...job, exclusion: NOTHING_EXCLUDED }]);
    const asked = target.calls.map(([request]) => {
      const { prefixes = [], wanted = [] } = request?.tree ?? {};
      return Array.from(wanted, (entry) => prefixes[entry]);
    });
    return { outcome, asked };
  };

  it("asks again what it computed at and below the step that failed; the other does not", async () => {
    // The root's children are 1 and 2, theirs 3 to 6, theirs 7 to 14. The beams of depth 2 are 6, 4
    // and 5; of these 4 is drafted. Those of depth 3 are 14, 10 and 12; 10 is drafted.
    const thrifty = await run(decodeBatch);
    const wasteful = await run(decodePublished);
    const first = [0, 1, 2, 3, 4, 7, 8, 9, 10];
    expect(thrifty.asked).toEqual([first, [5, 6], [12, 14]]);
    expect(wasteful.asked).toEqual([first, [4, 5, 6, 7, 8, 9, 10], [10, 12, 14]]);
    expect(wasteful.outcome?.beams).toEqual(thrifty.outcome?.beams);
    expect(wasteful.outcome?.cost).toMatchObject({ calls: 3, nodes: 18, acceptedSteps: 1 });
    expect(thrifty.outcome?.cost).toMatchObject({ calls: 3, nodes: 12, acceptedSteps: 1 });
  });
});
