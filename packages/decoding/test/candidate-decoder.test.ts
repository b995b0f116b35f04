import { pathOf } from "@nightbeam/catalogue";
import { thrownBy } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { candidateDecoder, emptyDrafter } from "../src/index.js";
import { bruteForce } from "./support/brute-force.js";
import { decodeBatch, decodeWith } from "./support/decode.js";
import { FakeScorer } from "./support/fakes.js";
import {
  type DrafterName,
  decode,
  drafterFor,
  drafterNames,
  optionsFor,
  remainingPaths,
  type Scenario,
  someScenario,
  USER,
} from "./support/scenario.js";
import { scenario as shared } from "./support/shards.js";

async function accepting(
  scenario: Scenario,
  options: { candidates: Uint32Array; threshold: number; drafter?: DrafterName; places?: number },
) {
  const { catalogue, model, prompt, history, exclusion } = scenario;
  const { candidates, threshold, places, drafter = "none" } = options;
  const target = new FakeScorer(catalogue.trie, model);
  const search = { ...optionsFor(scenario, drafterFor(drafter, scenario)), target };
  const accepting = { candidatesFor: () => candidates, threshold, places };
  const jobs = [{ key: 7, name: USER, prompt, history, exclusion }];
  const [outcome] = await decodeWith(candidateDecoder({ ...search, ...accepting }), jobs);
  expect(target.heldKeys).toEqual([]);
  if (outcome === undefined) throw new Error("there is no outcome");
  const { beams, acceptance } = outcome;
  if (acceptance === undefined) throw new Error("nothing is judged");
  return { beams, ...acceptance, calls: target.calls.length };
}

/** A scenario, leaves that are proposed, and a threshold among the scores of a whole search. */
const someProposals = fc
  .tuple(
    someScenario({ excluding: true, values: [1e6] }),
    fc.array(fc.nat(), { maxLength: 12 }),
    fc.nat(),
    fc.constantFrom<DrafterName>("none", "partly right", "junk"),
  )
  .map(([scenario, draws, at, drafter]) => {
    const { catalogue, model, prompt } = scenario;
    const first = catalogue.trie.levelStart[catalogue.trie.levels] ?? 0;
    const leaves = catalogue.trie.codes.length - first;
    const candidates = Uint32Array.from(draws, (draw) => first + (draw % leaves));
    const paths = remainingPaths(scenario);
    const all = bruteForce({ paths, model, prompt, beamWidth: 1e6 }).at(-1) ?? [];
    // Between two scores: with excluded items the last bits can differ.
    const threshold = all.length === 0 ? -1 : (all[at % all.length]?.score ?? 0) - 1e-9;
    const scores = new Map(all.map(({ path, score }) => [path.join(), score]));
    return { scenario, candidates, threshold, scores, drafter };
  });

describe("candidateDecoder", () => {
  it("lists what the target likes among the proposed, and fills up with its own search", async () => {
    await fc.assert(
      fc.asyncProperty(someProposals, async ({ scenario, scores, ...options }) => {
        const { trie } = scenario.catalogue;
        const { beams, accepted, own, ...verdict } = await accepting(scenario, options);
        const scoreOf = (leaf: number) => scores.get(pathOf(trie, leaf).join()) ?? Number.NaN;
        const liked = [...new Set(options.candidates)]
          .filter((leaf) => scoreOf(leaf) > options.threshold)
          .sort((a, b) => scoreOf(b) - scoreOf(a) || a - b)
          .slice(0, scenario.beamWidth);
        expect([...accepted].sort((a, b) => a - b)).toEqual(liked.toSorted((a, b) => a - b));
        const possible = [...new Set(options.candidates)].map(scoreOf).filter((one) => one <= 0);
        const ascending = (a: number, b: number) => a - b;
        const known = [...verdict.scores].toSorted(ascending);
        expect(known).toHaveLength(possible.length);
        possible.toSorted(ascending).forEach((score, at) => {
          expect(known[at]).toBeCloseTo(score, 9);
        });
        const plain = await decode(scenario, emptyDrafter);
        if (liked.length < scenario.beamWidth) expect(own).toEqual(plain.beams);
        const others = [...plain.beams.prefixes].filter((leaf) => !accepted.has(leaf));
        const fill = others.slice(0, scenario.beamWidth - liked.length);
        expect(new Set(beams.prefixes)).toEqual(new Set([...liked, ...fill]));
        expect(beams.prefixes).toHaveLength(liked.length + fill.length);
        beams.scores.forEach((score, rank) => {
          expect(score).toBeCloseTo(scoreOf(beams.prefixes[rank] ?? 0), 9);
          expect(score).toBeLessThanOrEqual(beams.scores[rank - 1] ?? 0);
        });
      }),
      { numRuns: 300 },
    );
  });

  it("is plain beam search, bit for bit, if nothing is accepted", async () => {
    await fc.assert(
      fc.asyncProperty(someProposals, async ({ scenario, ...options }) => {
        const threshold = Number.POSITIVE_INFINITY;
        const { beams, accepted } = await accepting(scenario, { ...options, threshold });
        expect(beams).toEqual((await decode(scenario, emptyDrafter)).beams);
        expect(accepted.size).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it("accepts the target's favourites if there are fewer places than beams", async () => {
    await fc.assert(
      fc.asyncProperty(someProposals, fc.nat(), async ({ scenario, ...options }, draw) => {
        const places = 1 + (draw % scenario.beamWidth);
        const all = await accepting(scenario, options);
        const { accepted, beams, own } = await accepting(scenario, { ...options, places });
        const favourites = [...all.beams.prefixes].filter((leaf) => all.accepted.has(leaf));
        expect([...accepted]).toEqual(favourites.slice(0, places));
        expect([...accepted].every((leaf) => beams.prefixes.includes(leaf))).toBe(true);
        const plain = await decode(scenario, emptyDrafter);
        expect(own).toEqual(accepted.size < places ? plain.beams : undefined);
      }),
      { numRuns: 100 },
    );
  });

  it.each(drafterNames)("gives the same outcome with the draft %s as without one", async (name) => {
    await fc.assert(
      fc.asyncProperty(someProposals, fc.nat(), async ({ scenario, ...options }, draw) => {
        const judged = { ...options, places: 1 + (draw % scenario.beamWidth) };
        const { calls: _, ...drafted } = await accepting(scenario, { ...judged, drafter: name });
        const { calls: __, ...plain } = await accepting(scenario, { ...judged, drafter: "none" });
        expect(drafted).toEqual(plain);
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    { places: 0 },
    { places: 99 },
    { verification: { kind: "sampled", seed: 1, temperature: 1 } as const },
  ])("refuses %o", ({ places, ...parts }) => {
    const search = { ...optionsFor(shared, emptyDrafter), ...parts };
    const accepting = { candidatesFor: () => undefined, threshold: -1, places };
    expect(thrownBy(() => candidateDecoder({ ...search, ...accepting }))).toMatchObject({
      code: "BAD_OPTION",
    });
  });

  it("needs one call if enough is accepted", async () => {
    await fc.assert(
      fc.asyncProperty(someProposals, async ({ scenario, ...options }) => {
        const { accepted, calls } = await accepting(scenario, options);
        expect(calls).toBeLessThanOrEqual(scenario.catalogue.trie.levels);
        if (accepted.size === scenario.beamWidth) expect(calls).toBeLessThanOrEqual(1);
      }),
      { numRuns: 200 },
    );
  });

  it("asks for several users together, and continues for those whose lists are not full", async () => {
    const { catalogue, model, exclusion, history } = shared;
    const target = new FakeScorer(catalogue.trie, model);
    const search = { ...optionsFor(shared, emptyDrafter), target, beamWidth: 1 };
    const leaf = catalogue.leafOf(0);
    const jobs = [0, 1].map((key) => ({ key, prompt: Int32Array.of(key), history, exclusion }));
    const decoder = candidateDecoder({
      ...search,
      candidatesFor: ({ prompt }) => (prompt[0] === 0 ? [leaf] : undefined),
      threshold: Number.NEGATIVE_INFINITY,
    });
    const outcomes = await decodeWith(decoder, jobs);
    expect(target.calls.map((requests) => requests.map(({ key }) => key))).toEqual([
      [0, 1],
      [1],
      [1],
    ]);
    expect(outcomes.map(({ cost }) => cost.calls)).toEqual([1, 3]);
    expect([...(outcomes[0]?.beams.prefixes ?? [])]).toEqual([leaf]);
    const [, plain] = await decodeBatch(search, jobs);
    expect(outcomes[1]?.beams).toEqual(plain?.beams);
  });
});
