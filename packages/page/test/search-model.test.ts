import type { SearchNode, SearchRecord } from "@nightbeam/run";
import { describe, expect, it } from "vitest";
import { layoutOf } from "../src/web/search/search-layout.js";
import { countStates, searchModel, searchSteps, stateOf } from "../src/web/search/search-model.js";
import { savingText, stepText } from "../src/web/search/search-words.js";

const QUIET = { call: null, askedBy: null, used: false, kept: false } as const;

function node(parent: number, code: string, facts: Partial<SearchNode>): SearchNode {
  const usual = { logProbability: -1, score: -1, itemCount: 1, examples: [] };
  return { parent, code, ...QUIET, ...usual, ...facts };
}

/** Two levels and the items; the draft guesses one of two prefixes of level 1, and one that is not needed. */
const RECORD: SearchRecord = {
  ...{ user: "u1", history: ["3"], calls: 2, beamWidth: 2, program: "tree-scores" },
  list: [
    { item: "7", score: -1 },
    { item: "8", score: -2 },
  ],
  nodes: [
    node(-1, "", { call: 1, askedBy: "target", used: true, kept: true }),
    node(0, "<a_0>", { call: 1, askedBy: "draft", used: true, kept: true }),
    node(0, "<a_1>", { call: 2, askedBy: "target", used: true, kept: true }),
    node(0, "<a_2>", { call: 1, askedBy: "draft" }),
    node(1, "<b_0>", { kept: true, score: -1, examples: ["7"] }),
    node(2, "<b_4>", { kept: true, score: -2, examples: ["8"] }),
  ],
};

describe("the picture of a search", () => {
  const model = searchModel(RECORD);
  const steps = searchSteps(model);

  it("knows after each call what is asked, needed, for nothing and missing", () => {
    expect(steps).toEqual([
      { call: 0, settled: 0 },
      { call: 1, settled: 1 },
      { call: 2, settled: 2 },
    ]);
    const states = steps.map((step) => model.prefixes.map((prefix) => stateOf(prefix, step)));
    expect(states).toEqual([
      ["missing", "hidden", "hidden", "hidden", "hidden", "hidden"],
      ["target", "hit", "missing", "miss", "hidden", "hidden"],
      ["target", "hit", "target", "miss", "kept", "kept"],
    ]);
    const last = steps.at(-1) ?? { call: 0, settled: 0 };
    expect(countStates(model.prefixes, last)).toMatchObject({
      target: 2,
      hit: 1,
      miss: 1,
      kept: 2,
    });
  });

  it("says so in words, and how it compares with plain search", () => {
    const [before, first, second] = steps;
    if (before === undefined || first === undefined || second === undefined) expect.fail("3 steps");
    expect(stepText(model, before, undefined)).toContain("nothing is known");
    expect(stepText(model, first, before)).toBe(
      "Call 1 asks about 3 prefixes at once: 1 that the search is missing, and 2 that the draft expects it to need. " +
        "The answer takes the search to level 1 of 2; there it needs 1 prefix that was not asked about. " +
        "Of the drafted ones 1 was needed and 1 was fetched for nothing.",
    );
    expect(stepText(model, second, first)).toContain("The answer is enough to finish");
    expect(model.plainCalls).toBe(2);
    expect(savingText(model)).toBe("2 calls, as many as plain search.");
    const lucky = searchModel({
      ...RECORD,
      calls: 1,
      nodes: RECORD.nodes.map((one) => (one.call === 2 ? { ...one, call: 1 } : one)),
    });
    expect(savingText(lucky)).toContain("1 call instead of 2");
  });

  it("has a place for every prefix: level by level, the best item first, none on another", () => {
    const { places, byLevel, height } = layoutOf(model);
    const xs = byLevel.map((level) => new Set(level.map(({ at }) => places[at]?.x)));
    expect(xs.map(({ size }) => size)).toEqual([1, 1, 1]);
    expect(new Set(places.map(({ x, y }) => `${x} ${y}`)).size).toBe(RECORD.nodes.length);
    expect(places[4]?.y).toBeLessThan(places[5]?.y ?? 0);
    for (const { y } of places) expect(y).toBeLessThan(height);
  });

  it("takes a search of which the target tells nothing, and one without any item", () => {
    const whole = searchModel({ ...RECORD, program: "beam-search", calls: 1 });
    expect(whole.isWhole).toBe(true);
    const empty = searchModel({ ...RECORD, calls: 0, list: [], nodes: [] });
    expect(searchSteps(empty)).toEqual([{ call: 0, settled: 0 }]);
    expect(layoutOf(empty).places).toEqual([]);
  });
});
