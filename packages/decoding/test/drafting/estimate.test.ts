import { excludeItems, findPrefix, NOTHING_EXCLUDED, ROOT } from "@nightbeam/catalogue";
import { catalogueOf } from "@nightbeam/testing";
import { expect, it } from "vitest";
import {
  BeamSearch,
  type DraftRequest,
  draftByEstimate,
  type Estimator,
  ModelDrafter,
} from "../../src/index.js";
import { fakeModel } from "../support/fake-model.js";
import { FakeScorer } from "../support/fakes.js";

/** Code 0 has five continuations, code 1 has three, code 2 one; each of those has two. */
const catalogue = catalogueOf(
  [5, 3, 1].flatMap((count, first) =>
    Array.from({ length: 2 * count }, (_, i) => [first, i >> 1, i % 2]),
  ),
);
const { trie } = catalogue;
const at = (...codes: number[]) => findPrefix(trie, codes);
const logs = (...probabilities: number[]) => Float64Array.from(probabilities, Math.log);

/** Answers from a list of rows, and notes what it is asked. */
function estimatorOf(rows: ReadonlyMap<number, Float64Array>) {
  const asked: number[][] = [];
  const estimator: Estimator = {
    estimate: async (questions) => {
      for (const { prefixes } of questions) asked.push([...prefixes]);
    },
    lookup: (_, prefix) => (asked.flat().includes(prefix) ? rows.get(prefix) : undefined),
  };
  return { asked, estimator };
}

function requestOf(search: BeamSearch, widths: readonly number[]): DraftRequest {
  return { key: 1, prompt: Int32Array.of(1), history: new Uint32Array(), search, widths };
}

function searchOf(beamWidth: number): BeamSearch {
  return new BeamSearch({ trie, scoring: "full", exclusion: NOTHING_EXCLUDED }, { beamWidth });
}

it("keeps the expected beams in the draft, in place of the last of the others", async () => {
  const { estimator } = estimatorOf(
    new Map([
      [ROOT, logs(0.6, 0.4, 1e-3)],
      [at(0), logs(0.12, 0.1, 0.1, 0.1, 0.1)],
      [at(1), logs(0.5, 0.3, 0.2)],
    ]),
  );
  // A search with one beam enters code 0, though all continuations of code 1 are more likely.
  const [draft] = await draftByEstimate([requestOf(searchOf(1), [2, 3])], estimator);
  expect(draft?.levels.map(({ prefixes }) => [...prefixes])).toEqual([
    [at(0), at(1)],
    [at(1, 0), at(1, 1), at(0, 0)],
  ]);
  const scores = [0.4 * 0.5, 0.4 * 0.3, 0.6 * 0.12].map((p) => expect.closeTo(Math.log(p), 9));
  expect(Array.from(draft?.levels[1]?.scores ?? [])).toEqual(scores);
});

it("prefers the target's rows if they are known, and estimates only the rest", async () => {
  const search = searchOf(2);
  search.learn(ROOT, logs(0.5, 0.4, 0.1));
  search.learn(at(0), logs(0.01, 0.01, 0.01, 0.9, 0.01));
  search.advance();
  const { asked, estimator } = estimatorOf(
    new Map([
      [at(0), logs(0.9, 0.01, 0.01, 0.01, 0.01)],
      [at(1), logs(0.1, 0.8, 0.1)],
    ]),
  );
  const [draft] = await draftByEstimate([requestOf(search, [9, 2])], estimator);
  expect(asked).toEqual([[at(1)]]);
  expect(draft?.levels).toMatchObject([{ depth: 2, prefixes: Uint32Array.of(at(0, 3), at(1, 1)) }]);
});

it("keeps what a model drafted until the user is released", async () => {
  const scorer = new FakeScorer(trie, fakeModel({ seed: 1, scoring: "full" }));
  const drafter = new ModelDrafter(scorer);
  const request = requestOf(searchOf(2), [4, 4]);
  const drafts = await drafter.draft([request]);
  const again = drafts.map((draft) => ({ ...draft, milliseconds: 0 }));
  expect(await drafter.draft([request])).toEqual(again);
  expect(scorer.calls).toHaveLength(2);
  expect(drafter.lookup(request, ROOT)).toHaveLength(3);
  drafter.release([request.key]);
  expect(drafter.lookup(request, ROOT)).toBeUndefined();
});

it("gives the share of what is excluded to the others in a model's draft as well", async () => {
  // All that begins with code 0: the first ten items.
  const exclusion = excludeItems(
    catalogue,
    Array.from({ length: 10 }, (_, item) => item),
  );
  const space = { trie, scoring: "renormalized", exclusion } as const;
  const model = fakeModel({ seed: 1, scoring: "renormalized" });
  const drafter = new ModelDrafter(new FakeScorer(trie, model));
  const request = requestOf(new BeamSearch(space, { beamWidth: 2 }), [4, 4]);
  await drafter.draft([request]);
  const [zero, one = 0, two = 0] = drafter.lookup(request, ROOT) ?? [];
  expect(zero).toBe(Number.NEGATIVE_INFINITY);
  expect(Math.exp(one) + Math.exp(two)).toBeCloseTo(1, 12);
});
