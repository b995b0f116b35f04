import { pathOf } from "@nightbeam/catalogue";
import { thrownBy } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { candidateDecoder, emptyDrafter, type NewItems } from "../src/index.js";
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

interface Proposals {
  readonly candidates: Uint32Array;
  readonly threshold: number;
  readonly newItems?: NewItems | undefined;
  readonly perLevel?: number | undefined;
  readonly places?: number | undefined;
}

async function accepting(scenario: Scenario, options: Proposals & { drafter?: DrafterName }) {
  const { catalogue, model, prompt, history, exclusion } = scenario;
  const { candidates, drafter = "none", ...rules } = options;
  const target = new FakeScorer(catalogue.trie, model);
  const search = { ...optionsFor(scenario, drafterFor(drafter, scenario)), target };
  const jobs = [{ key: 7, name: USER, prompt, history, exclusion }];
  const decoder = candidateDecoder({ ...search, ...rules, candidatesFor: () => candidates });
  const [outcome] = await decodeWith(decoder, jobs);
  expect(target.heldKeys).toEqual([]);
  if (outcome === undefined) throw new Error("there is no outcome");
  const { beams, acceptance } = outcome;
  if (acceptance === undefined) throw new Error("nothing is judged");
  return { beams, ...acceptance, calls: target.calls.length };
}

/** A scenario, leaves that are proposed, and thresholds among the scores of a whole search. */
const someProposals = fc
  .record({
    scenario: someScenario({ excluding: true, values: [1e6] }),
    draws: fc.array(fc.nat(), { maxLength: 12 }),
    at: fc.nat(),
    newAt: fc.nat(),
    parity: fc.constantFrom(undefined, 0, 1),
    perLevel: fc.constantFrom(undefined, 1, 2, 4),
    drafter: fc.constantFrom<DrafterName>("none", "partly right", "junk"),
  })
  .map(({ scenario, draws, at, newAt, parity, ...options }) => {
    const { catalogue, model, prompt } = scenario;
    const first = catalogue.trie.levelStart[catalogue.trie.levels] ?? 0;
    const leaves = catalogue.trie.codes.length - first;
    const candidates = Uint32Array.from(draws, (draw) => first + (draw % leaves));
    const paths = remainingPaths(scenario);
    const all = bruteForce({ paths, model, prompt, beamWidth: 1e6 }).at(-1) ?? [];
    // Between two scores, and no two margins alike: with excluded items the last bits can differ.
    const thresholdAt = (draw: number, margin: number) =>
      all.length === 0 ? -1 : (all[draw % all.length]?.score ?? 0) - margin;
    const threshold = thresholdAt(at, 1e-9);
    const isNew = (leaf: number) => leaf % 2 === parity;
    const newItems =
      parity === undefined ? undefined : { threshold: thresholdAt(newAt, 3e-9), isNew };
    const scores = new Map(all.map(({ path, score }) => [path.join(), score]));
    return { scenario, scores, ...options, candidates, threshold, newItems };
  });

/** What is checked and accepted, as it is defined: level by level, by the beams of a whole search. */
function verdictOf(
  { catalogue, model, prompt, beamWidth, ...rest }: Scenario,
  options: Proposals & { scoreOf: (leaf: number) => number },
) {
  const { threshold, newItems, perLevel = 1e6, places = beamWidth, scoreOf } = options;
  const margin = (leaf: number) =>
    scoreOf(leaf) - (newItems?.isNew(leaf) === true ? newItems.threshold : threshold);
  const paths = remainingPaths({ catalogue, model, prompt, beamWidth, ...rest });
  const levels = bruteForce({ paths, model, prompt, beamWidth }).slice(0, -1);
  let left = [...new Set(options.candidates)].filter((leaf) => !Number.isNaN(scoreOf(leaf)));
  const proposed = left.length;
  const checked: number[] = [];
  let liked: number[] = [];
  for (const [depth, beams] of levels.entries()) {
    const kept = beams.map(({ path }) => path.join());
    const round = left
      .filter((leaf) => kept.includes(pathOf(catalogue.trie, leaf).slice(0, depth).join()))
      .slice(0, perLevel);
    left = left.filter((leaf) => !round.includes(leaf));
    checked.push(...round);
    liked = checked.filter((leaf) => margin(leaf) > 0);
    if (liked.length >= places) break;
  }
  liked.sort((a, b) => margin(b) - margin(a) || a - b);
  return { proposed, checked, liked: liked.slice(0, places) };
}

describe("candidateDecoder", () => {
  it("lists what the target likes among the proposed, and fills up with its own search", async () => {
    await fc.assert(
      fc.asyncProperty(someProposals, fc.nat(), async ({ scenario, scores, ...given }, draw) => {
        const { trie } = scenario.catalogue;
        const places = draw % 2 === 0 ? undefined : 1 + (draw % scenario.beamWidth);
        const options = { ...given, places };
        const { beams, accepted, own, ...found } = await accepting(scenario, options);
        const scoreOf = (leaf: number) => scores.get(pathOf(trie, leaf).join()) ?? Number.NaN;
        const { proposed, checked, liked } = verdictOf(scenario, { ...options, scoreOf });
        expect([...accepted]).toEqual(liked);
        expect(found.proposed).toBe(proposed);
        expect([...found.checked]).toEqual(checked);
        checked.forEach((leaf, at) => {
          expect(found.scores[at]).toBeCloseTo(scoreOf(leaf), 9);
        });
        const plain = await decode(scenario, emptyDrafter);
        const isFull = liked.length === (places ?? scenario.beamWidth);
        expect(own).toEqual(isFull ? undefined : plain.beams);
        const others = [...plain.beams.prefixes].filter((leaf) => !accepted.has(leaf));
        const fill = isFull ? [] : others.slice(0, scenario.beamWidth - liked.length);
        expect(new Set(beams.prefixes)).toEqual(new Set([...liked, ...fill]));
        expect(beams.prefixes).toHaveLength(liked.length + fill.length);
        beams.scores.forEach((score, rank) => {
          expect(score).toBeCloseTo(scoreOf(beams.prefixes[rank] ?? 0), 9);
          expect(score).toBeLessThanOrEqual(beams.scores[rank - 1] ?? 0);
        });
      }),
      { numRuns: 250 },
    );
  });

  it("is plain beam search, bit for bit, if nothing is accepted", async () => {
    await fc.assert(
      fc.asyncProperty(someProposals, async ({ scenario, ...options }) => {
        const threshold = 1;
        const newItems = options.newItems && { ...options.newItems, threshold };
        const { beams, accepted } = await accepting(scenario, { ...options, threshold, newItems });
        expect(beams).toEqual((await decode(scenario, emptyDrafter)).beams);
        expect(accepted.size).toBe(0);
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
    { perLevel: 0 },
    { newItems: { threshold: Number.NaN, isNew: () => true } },
    { verification: { kind: "sampled", seed: 1, temperature: 1 } as const },
  ])("refuses %o", (parts) => {
    const search = optionsFor(shared, emptyDrafter);
    const accepting = { candidatesFor: () => undefined, threshold: -1 };
    expect(thrownBy(() => candidateDecoder({ ...search, ...accepting, ...parts }))).toMatchObject({
      code: "BAD_OPTION",
    });
  });

  it("needs no more calls than plain search, and one if enough is accepted at the first level", async () => {
    await fc.assert(
      fc.asyncProperty(someProposals, async ({ scenario, ...options }) => {
        const { accepted, calls } = await accepting(scenario, { ...options, drafter: "none" });
        expect(calls).toBeLessThanOrEqual(scenario.catalogue.trie.levels);
        if (options.perLevel === undefined && accepted.size === scenario.beamWidth)
          expect(calls).toBeLessThanOrEqual(1);
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
