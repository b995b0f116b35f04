import {
  type Exclusion,
  excludeItems,
  NOTHING_EXCLUDED,
  parentOf,
  ROOT,
} from "@nightbeam/catalogue";
import { fullCatalogue, searcherOf, thrownBy } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BatchMeasure,
  type DecodeJob,
  type Drafter,
  emptyDrafter,
  fixedWidths,
  ModelDrafter,
  type SearchAnswer,
  type Searcher,
  type SearchOptions,
  type SearchRequest,
  searchDecoder,
  searchNodes,
  speculativeDecoder,
} from "../src/index.js";
import { closedLeavesOf } from "../src/search-decoder.js";
import { decodeBatch, decodeWith } from "./support/decode.js";
import { fakeModel } from "./support/fake-model.js";
import { FakeScorer } from "./support/fakes.js";
import {
  drafterFor,
  drafterNames,
  optionsFor,
  type Scenario,
  someScenario,
  USER,
} from "./support/scenario.js";

/** Keeps the requests of all calls. */
function recorded(searcher: Searcher, spoil = (answers: readonly SearchAnswer[]) => answers) {
  const calls: (readonly SearchRequest[])[] = [];
  return {
    calls,
    search: async (requests, options) => {
      calls.push(requests);
      return spoil(await searcher.search(requests, options));
    },
  } satisfies Searcher & { calls: unknown };
}

function searcherFor({ catalogue, model, scoring }: Scenario): Searcher {
  const scorer = new FakeScorer(catalogue.trie, model);
  return searcherOf({ scorer, catalogue, scoring });
}

/** The scenario's exclusion, half of it in a base that users have in common. */
function withBase({ catalogue, exclusion }: Scenario): Exclusion {
  const items = Array.from({ length: catalogue.itemCount }, (_, item) => item);
  const excluded = items.filter((item) => exclusion.hasItem(item));
  const base = excludeItems(
    catalogue,
    excluded.filter((_, at) => at % 2 === 0),
  );
  return excludeItems(catalogue, excluded, base);
}

describe.each(drafterNames)("whole searches with the drafter: %s", (name) => {
  it("have the beams of speculativeDecoder, bit for bit, with exclusions and bases", async () => {
    const some = someScenario({ excluding: true, values: [1, 2, 1e6] });
    await fc.assert(
      fc.asyncProperty(some, async (scenario) => {
        const { prompt, history, exclusion } = scenario;
        const jobs = [exclusion, withBase(scenario), NOTHING_EXCLUDED].map(
          (exclusion, key): DecodeJob => ({ key, name: USER, prompt, history, exclusion }),
        );
        const options = optionsFor(scenario, emptyDrafter);
        const target = recorded(searcherFor(scenario));
        const drafter = drafterFor(name, scenario);
        const { beamWidth } = scenario;
        const decoder = searchDecoder({ ...options, beamWidth, target, drafter });
        const plain = await decodeBatch({ ...options, policy: fixedWidths([]) }, jobs);
        const found = await decodeWith(decoder, jobs);
        expect(found.map(({ beams }) => beams)).toEqual(plain.map(({ beams }) => beams));
        for (const request of target.calls.flat()) expectDrafted(scenario, request);
      }),
      { numRuns: 60 },
    );
  });
});

/** Drafted prefixes ascend, are neither the root nor leaves nor closed, and come with all shorter ones. */
function expectDrafted(
  { catalogue }: Scenario,
  { drafted = new Uint32Array() }: SearchRequest,
): void {
  const { trie } = catalogue;
  const among = new Set([ROOT, ...drafted]);
  let before = ROOT;
  for (const prefix of drafted) {
    expect(prefix).toBeGreaterThan(before);
    expect(prefix).toBeLessThan(trie.levelStart[trie.levels] ?? 0);
    expect(among).toContain(parentOf(trie, prefix));
    before = prefix;
  }
}

const catalogue = fullCatalogue({ levels: 3, codes: 3 });
const { trie } = catalogue;
const scoring = "full";
const model = fakeModel({ seed: 4, scoring });
const job = (key: number, exclusion = NOTHING_EXCLUDED): DecodeJob => ({
  key,
  prompt: Int32Array.of(key, 2),
  history: new Uint32Array(),
  exclusion,
});
const everything = excludeItems(catalogue, Array(catalogue.itemCount).keys());

function setUp(options: Partial<SearchOptions> & { spoil?: Parameters<typeof recorded>[1] } = {}) {
  const { spoil, ...others } = options;
  const scorer = new FakeScorer(trie, model);
  const target = recorded(searcherOf({ scorer, catalogue, scoring }), spoil);
  const decoder = searchDecoder({ target, space: { trie, scoring }, beamWidth: 2, ...others });
  return { target, decoder };
}

describe("searchDecoder", () => {
  it("asks once per batch, and not about users for whom everything is excluded", async () => {
    const { target, decoder } = setUp();
    const seen = excludeItems(catalogue, [5], excludeItems(catalogue, [3]));
    const outcomes = await decodeWith(decoder, [job(1), job(2, everything), job(3, seen)]);
    expect(target.calls.map((requests) => requests.map(({ key }) => key))).toEqual([[1, 3]]);
    const leaves = [3, 5].map((item) => catalogue.leafOf(item)).sort((a, b) => a - b);
    expect(target.calls[0]?.map(({ closed }) => [...closed])).toEqual([[], leaves]);
    expect(outcomes.map(({ beams }) => beams.prefixes.length)).toEqual([2, 0, 2]);
    expect(outcomes[1]?.cost.calls).toBe(0);
    await decodeWith(decoder, [job(4, everything)]);
    expect(target.calls).toHaveLength(1);
  });

  it("counts a fully drafted level as an accepted step", async () => {
    const drafter = new ModelDrafter(new FakeScorer(trie, model));
    const { decoder } = setUp({ drafter, policy: fixedWidths([2, 2]) });
    const [drafted] = await decodeWith(decoder, [job(1)]);
    expect(drafted?.cost).toMatchObject({ calls: 1, acceptedSteps: 2, firstCallAcceptedSteps: 2 });
    const [plain] = await decodeWith(setUp().decoder, [job(1)]);
    expect(plain?.cost).toMatchObject({ calls: 1, acceptedSteps: 0, firstCallAcceptedSteps: 0 });
  });

  it("reports each batch to the policy, and releases the draft, also one that failed", async () => {
    const measures: BatchMeasure[] = [];
    const policy = { ...fixedWidths([1]), observe: (one: BatchMeasure) => void measures.push(one) };
    const released: (readonly number[])[] = [];
    const drafter: Drafter = {
      draft: () => Promise.resolve([{ levels: [], milliseconds: 5 }]),
      release: (keys) => void released.push(keys),
    };
    const [outcome] = await decodeWith(setUp({ policy, drafter }).decoder, [job(1)]);
    const { tokens = 0 } = outcome?.cost ?? {};
    // The fake works a millisecond for each of its three answers.
    expect(measures).toEqual([
      { users: 1, promptTokens: 2, widths: [1], tokens, milliseconds: 5 + 3 },
    ]);
    const broken = { ...drafter, draft: () => Promise.reject(new Error("no draft")) };
    const failing = setUp({ policy, drafter: broken });
    await expect(decodeWith(failing.decoder, [job(2)])).rejects.toThrow("no draft");
    expect(failing.target.calls).toEqual([]);
    expect(released).toEqual([[1], [2]]);
    expect(measures).toHaveLength(1);
  });

  it("names questions as speculativeDecoder does, and other versions differently", () => {
    const space = { trie, scoring } as const;
    const versions = { target: "a" };
    const search = setUp({ versions }).decoder;
    const calls = speculativeDecoder({
      target: new FakeScorer(trie, model),
      space,
      beamWidth: 2,
      versions,
    });
    expect(search.questionOf(job(1))).toBe(calls.questionOf(job(1)));
    const other = setUp({ versions: { target: "b" } }).decoder;
    expect(other.questionOf(job(1))).not.toBe(search.questionOf(job(1)));
  });

  it.each([
    ["ANSWER_SIZE", "an answer missing", (answers: readonly SearchAnswer[]) => answers.slice(1)],
    ["NOT_A_NUMBER", "NaN", withScore(Number.NaN)],
    ["NOT_A_NUMBER", "infinity", withScore(Number.POSITIVE_INFINITY)],
  ])("fails with %s for %s", async (code, _, spoil) => {
    const decoded = decodeWith(setUp({ spoil }).decoder, [job(1), job(2)]);
    await expect(decoded).rejects.toMatchObject({ name: "DecodingError", code });
  });

  it("asks nothing once it is aborted", async () => {
    const { target, decoder } = setUp();
    const decoded = decoder.decode([job(1)], AbortSignal.abort(new Error("enough")));
    await expect(decoded).rejects.toThrow("enough");
    expect(target.calls).toEqual([]);
  });

  it("refuses onKnown, whose answers the target keeps", async () => {
    const decoded = decodeWith(setUp().decoder, [{ ...job(1), onKnown: () => undefined }]);
    await expect(decoded).rejects.toMatchObject({
      code: "BAD_OPTION",
      message: expect.stringContaining("onKnown"),
    });
  });

  it.each([
    ["target must be a Searcher", { target: new FakeScorer(trie, model) }],
    ["space.trie must be", { space: {} }],
    ["beam width 0", { beamWidth: 0 }],
  ])("refuses options with a message: %s", (message, wrong) => {
    const { target } = setUp();
    const options = { target, space: { trie, scoring }, beamWidth: 2, ...wrong };
    expect(thrownBy(() => Reflect.apply(searchDecoder, undefined, [options]))).toMatchObject({
      code: "BAD_OPTION",
      message: expect.stringContaining(message),
    });
  });
});

function withScore(score: number) {
  return (answers: readonly SearchAnswer[]): SearchAnswer[] =>
    answers.map((answer) => {
      const scores = Float64Array.from(answer.beams.scores).fill(score, 0, 1);
      return { ...answer, beams: { ...answer.beams, scores } };
    });
}

it("closedLeavesOf returns the leaves of an exclusion and all its bases, ascending", () => {
  const base = excludeItems(catalogue, [7, 1]);
  const exclusion = excludeItems(catalogue, [4, 0], excludeItems(catalogue, [], base));
  const leaves = [0, 1, 4, 7].map((item) => catalogue.leafOf(item)).sort((a, b) => a - b);
  expect([...closedLeavesOf(exclusion)]).toEqual(leaves);
  expect([...closedLeavesOf(NOTHING_EXCLUDED)]).toEqual([]);
});

it("searchNodes is what a plain search of a full catalogue asks about", async () => {
  for (const beamWidth of [1, 2, 5, 100]) {
    const target = new FakeScorer(trie, model);
    const [outcome] = await decodeBatch({ target, space: { trie, scoring }, beamWidth }, [job(1)]);
    expect(searchNodes(trie, beamWidth)).toBe(outcome?.cost.nodes);
  }
});
