import { excludeItems, findPrefix, NOTHING_EXCLUDED, pathOf, ROOT } from "@nightbeam/catalogue";
import { catalogueOf, fullCatalogue, thrownBy } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import {
  BeamSearch,
  CombinedDrafter,
  emptyDrafter,
  fixedWidths,
  ModelDrafter,
  type Scoring,
} from "../../src/index.js";
import { decodeBatch } from "../support/decode.js";
import { fakeModel } from "../support/fake-model.js";
import { FakeScorer } from "../support/fakes.js";
import { decode, type Scenario } from "../support/scenario.js";

const catalogue = fullCatalogue({ levels: 4, codes: 3 });
const scenario: Scenario = {
  catalogue,
  scoring: "full",
  model: fakeModel({ seed: 1, scoring: "full" }),
  seed: 1,
  prompt: Int32Array.of(1),
  beamWidth: 5,
  widths: [],
  history: new Uint32Array(),
  exclusion: NOTHING_EXCLUDED,
  remaining: catalogue,
};
const rightDraft = () => new ModelDrafter(new FakeScorer(catalogue.trie, scenario.model));
const search = (scoring: Scoring, exclusion = NOTHING_EXCLUDED) =>
  new BeamSearch({ trie: catalogue.trie, scoring, exclusion }, { beamWidth: 2 });

describe("equal scores", () => {
  it.each(["full", "renormalized"] as const)(
    "go by code path under %s scoring",
    async (scoring) => {
      const model = fakeModel({ seed: 3, scoring, values: 1 });
      const { beams } = await decode({ ...scenario, scoring, model, beamWidth: 4 }, emptyDrafter);
      expect(Array.from(beams.prefixes, (prefix) => pathOf(catalogue.trie, prefix))).toEqual([
        [0, 0, 0, 0],
        [0, 0, 0, 1],
        [0, 0, 0, 2],
        [0, 0, 1, 0],
      ]);
      expect(new Set(beams.scores).size).toBe(1);
    },
  );
});

describe("accepted steps", () => {
  it.each([
    { widths: [5, 5, 5], calls: 1, acceptedSteps: 3, firstCallAcceptedSteps: 3 },
    { widths: [5, 0, 5], calls: 2, acceptedSteps: 2, firstCallAcceptedSteps: 1 },
    { widths: [0, 5, 0], calls: 3, acceptedSteps: 1, firstCallAcceptedSteps: 0 },
    { widths: [0, 5, 5], calls: 2, acceptedSteps: 2, firstCallAcceptedSteps: 0 },
    { widths: [5], calls: 3, acceptedSteps: 1, firstCallAcceptedSteps: 1 },
    { widths: [0, 0, 0], calls: 4, acceptedSteps: 0, firstCallAcceptedSteps: 0 },
    {
      widths: [5, 5, Number.MAX_SAFE_INTEGER],
      calls: 1,
      acceptedSteps: 3,
      firstCallAcceptedSteps: 3,
    },
  ])("are those that a right draft of widths $widths saves", async ({ widths, ...cost }) => {
    const outcome = await decode({ ...scenario, widths }, rightDraft());
    expect(outcome.cost).toMatchObject(cost);
  });

  it("count the rows that every call computed", async () => {
    const { cost } = await decode(scenario, emptyDrafter);
    const target = new FakeScorer(catalogue.trie, scenario.model);
    await decodeBatch(
      {
        target,
        drafter: emptyDrafter,
        policy: fixedWidths([]),
        space: { trie: catalogue.trie, scoring: "full" },
        beamWidth: 5,
      },
      [{ key: 1, prompt: scenario.prompt, history: scenario.history, exclusion: NOTHING_EXCLUDED }],
    );
    const rows = target.calls
      .flat()
      .map(({ prompt, tree }) => prompt.length + tree.prefixes.length);
    expect(cost).toMatchObject({ tokens: rows.reduce((a, b) => a + b), nodes: 3 + 5 + 5 });
  });
});

describe("BeamSearch", () => {
  it("asks for what it misses, runs as far as it knows and stops when it is done", () => {
    const { trie } = catalogueOf([
      [0, 0],
      [0, 1],
      [1, 0],
      [2, 0],
    ]);
    const walk = new BeamSearch(
      { trie, scoring: "renormalized", exclusion: NOTHING_EXCLUDED },
      { beamWidth: 2 },
    );
    expect(walk.state).toMatchObject({ kind: "asking", missing: [ROOT] });
    walk.learn(ROOT, Float64Array.of(-3, -1, -2));
    // The codes 1 and 2 have one continuation each, which is certain.
    expect(walk.advance()).toMatchObject({ kind: "done" });
    expect([...walk.state.beams.scores]).toEqual([-1, -2]);
    expect([...walk.state.beams.prefixes]).toEqual([
      findPrefix(trie, [1, 0]),
      findPrefix(trie, [2, 0]),
    ]);
  });

  it("keeps the order of codes that the model rules out", () => {
    const walk = search("full");
    walk.learn(ROOT, new Float64Array(3).fill(Number.NEGATIVE_INFINITY));
    expect([...walk.advance().beams.prefixes]).toEqual([1, 2]);
  });

  it("gives the share of excluded codes to the others under renormalized scoring alone", () => {
    const seen = Array.from({ length: 27 }, (_, item) => item);
    const exclusion = excludeItems(catalogue, seen);
    const logProbs = Float64Array.of(Math.log(0.5), Math.log(0.2), Math.log(0.3));
    const renormalized = search("renormalized", exclusion);
    renormalized.learn(ROOT, logProbs);
    const [first = 0, ...others] = renormalized.known(ROOT) ?? [];
    expect(first).toBe(Number.NEGATIVE_INFINITY);
    expect(others.map(Math.exp)).toEqual([expect.closeTo(0.4, 12), expect.closeTo(0.6, 12)]);
    renormalized.learn(2, logProbs);
    expect(renormalized.known(2)).toEqual(logProbs);
    const full = search("full", exclusion);
    full.learn(ROOT, logProbs);
    expect(full.known(ROOT)).toEqual(logProbs);
    expect([...full.advance().beams.prefixes]).toEqual([3, 2]);
  });

  it("has no NaN if the model rules out all that is not excluded", () => {
    const exclusion = excludeItems(
      catalogue,
      Array.from({ length: 27 }, (_, item) => item),
    );
    const walk = search("renormalized", exclusion);
    walk.learn(ROOT, Float64Array.of(0, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY));
    expect([...walk.advance().beams.scores]).toEqual([
      Number.NEGATIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]);
  });

  it("is done at once if everything is excluded", () => {
    const everything = excludeItems(
      catalogue,
      Array.from({ length: 81 }, (_, item) => item),
    );
    for (const scoring of ["full", "renormalized"] as const) {
      const { state } = search(scoring, everything);
      expect(state.kind).toBe("done");
      expect(state.beams.prefixes).toHaveLength(0);
    }
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses beam width %s", (width) => {
    const space = { trie: catalogue.trie, scoring: "full", exclusion: NOTHING_EXCLUDED } as const;
    const error = thrownBy(() => new BeamSearch(space, { beamWidth: width }));
    expect(error).toMatchObject({ name: "DecodingError", code: "BAD_OPTION" });
  });

  it.each([
    ["ANSWER_SIZE", Float64Array.of(-1, -1)],
    ["ANSWER_SIZE", Float64Array.of(-1, -1, -1, -1)],
    ["NOT_A_NUMBER", Float64Array.of(-1, Number.NaN, -1)],
    ["NOT_A_NUMBER", Float64Array.of(-1, -1, Number.POSITIVE_INFINITY)],
  ])("refuses with %s the row %s", (code, row) => {
    expect(thrownBy(() => search("full").learn(ROOT, row))).toMatchObject({ code });
  });
});

it("is not misled by two drafters that propose the same", async () => {
  const drafter = new CombinedDrafter([rightDraft(), rightDraft()]);
  const { cost } = await decode({ ...scenario, widths: [5, 5, 5] }, drafter);
  expect(cost.calls).toBe(1);
});
