import { childCodes, excludeItems, NOTHING_EXCLUDED, ROOT } from "@nightbeam/catalogue";
import { catalogueOf } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BeamSearch,
  type DraftRequest,
  LevelHeadsDrafter,
  type LevelHeadsScorer,
} from "../../src/index.js";
import { fakeHeads } from "../support/fake-heads.js";
import { checkedDrafter } from "../support/fakes.js";
import { type Scenario, someScenario } from "../support/scenario.js";

// The root's children are 1, 2 and 3; theirs 4, 5 | 6 | 7, and so on.
const catalogue = catalogueOf([
  [0, 0, 0],
  [0, 1, 0],
  [1, 1, 0],
  [2, 0, 0],
]);

function requestOf(
  { catalogue, exclusion, scoring }: Pick<Scenario, "catalogue" | "exclusion" | "scoring">,
  options: { key?: number; widths?: number[] } = {},
): DraftRequest & { search: BeamSearch } {
  const { key = 1, widths = [9, 9, 9, 9] } = options;
  const search = new BeamSearch({ trie: catalogue.trie, scoring, exclusion }, { beamWidth: 2 });
  return { key, prompt: Int32Array.of(1), history: new Uint32Array(), search, widths };
}

/** Heads with the same answer for all users. */
function saying(...levels: number[][]): LevelHeadsScorer {
  return {
    levelLogProbs: (requests) =>
      Promise.resolve(
        requests.map(() => ({
          levels: levels.map((level) => Float32Array.from(level)),
          milliseconds: 1,
        })),
      ),
    release: () => undefined,
  };
}

const full = { catalogue, exclusion: NOTHING_EXCLUDED, scoring: "full" } as const;

describe("LevelHeadsDrafter", () => {
  it("adds the levels' guesses up along the paths that exist", async () => {
    const heads = saying([-1, -2, -4], [-8, -0.5]);
    const [draft] = await checkedDrafter(new LevelHeadsDrafter(heads)).draft([requestOf(full)]);
    const levels = draft?.levels.map(({ prefixes, scores }) => [[...prefixes], [...scores]]);
    expect(levels).toEqual([
      [
        [1, 2, 3],
        [-1, -2, -4],
      ],
      [
        [5, 6, 4, 7],
        [-1.5, -2.5, -9, -12],
      ],
    ]);
  });

  it("takes the target's log-probabilities if they are known", async () => {
    const request = requestOf(full, { widths: [9, 1] });
    request.search.learn(ROOT, Float64Array.of(-9, -9, -1));
    request.search.advance();
    const drafter = new LevelHeadsDrafter(saying([-1, -2, -4], [-1, -1]));
    const [draft] = await checkedDrafter(drafter).draft([request]);
    expect(draft?.levels).toMatchObject([{ depth: 2, prefixes: Uint32Array.of(7) }]);
  });

  it("normalises over a prefix's children once the target has answered", async () => {
    const request = requestOf(full, { widths: [9, 9] });
    const drafter = checkedDrafter(new LevelHeadsDrafter(saying([-1, -1, -1], [-3, -4])));
    await drafter.draft([request]);
    request.search.learn(ROOT, Float64Array.of(-2, -9, -1));
    request.search.advance();
    const [draft] = await drafter.draft([request]);
    const [level] = draft?.levels ?? [];
    // 7 is its parent's only child, so that its code is certain; 4 and 5 share theirs.
    const share = Math.log(1 / (1 + Math.exp(-1)));
    expect([...(level?.prefixes ?? [])]).toEqual([7, 4, 5]);
    expect(level?.scores[0]).toBe(-1);
    expect(level?.scores[1]).toBeCloseTo(-2 + share, 6);
    expect(level?.scores[2]).toBeCloseTo(-3 + share, 6);
  });

  it("asks once per user, all users of a round together, until they are released", async () => {
    const heads = fakeHeads(1);
    const drafter = new LevelHeadsDrafter(heads);
    const requests = [1, 2].map((key) => requestOf(full, { key }));
    await drafter.draft(requests);
    await drafter.draft(requests);
    expect(heads.calls.map((call) => call.map(({ key }) => key))).toEqual([[1, 2]]);
    drafter.release([1]);
    expect(heads.released).toEqual([1]);
    await drafter.draft(requests);
    expect(heads.calls.map((call) => call.map(({ key }) => key))).toEqual([[1, 2], [1]]);
  });

  it("estimates probabilities that sum to 1 over what is left, under renormalized scoring", async () => {
    await fc.assert(
      fc.asyncProperty(
        someScenario({ excluding: true, values: [1] }),
        fc.nat(),
        async (scenario, seed) => {
          const { trie } = scenario.catalogue;
          const request = requestOf({ ...scenario, scoring: "renormalized" });
          const { exclusion } = request.search.space;
          const drafter = new LevelHeadsDrafter(fakeHeads(seed));
          const prefixes = [...trie.codes.keys()]
            .slice(0, trie.levelStart[trie.levels - 1])
            .filter((prefix) => !exclusion.isDead(prefix));
          await drafter.estimate([{ request, prefixes }]);
          for (const prefix of prefixes) {
            const row = drafter.lookup(request, prefix) ?? new Float64Array();
            expect(row).toHaveLength(childCodes(trie, prefix).length);
            expect(row.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 9);
          }
        },
      ),
    );
  });

  it("finds nothing to share out if the heads rule everything out", async () => {
    const heads = saying([-1, -2, Number.NEGATIVE_INFINITY], [Number.NEGATIVE_INFINITY, -1]);
    const request = requestOf({ ...full, scoring: "renormalized" });
    const drafter = new LevelHeadsDrafter(heads);
    await drafter.estimate([{ request, prefixes: [3] }]);
    expect(drafter.lookup(request, 3)).toEqual(Float64Array.of(Number.NEGATIVE_INFINITY));
  });

  it.each([
    ["ANSWER_SIZE", "a level missing", saying([-1, -2, -3])],
    ["ANSWER_SIZE", "a code missing", saying([-1, -2], [-1, -2])],
    ["NOT_A_NUMBER", "NaN", saying([-1, Number.NaN, -2], [-1, -2])],
    ["ANSWER_SIZE", "no answer", { ...saying(), levelLogProbs: () => Promise.resolve([]) }],
  ])("refuses heads that break their contract: %s for %s", async (code, _, heads) => {
    const drafting = new LevelHeadsDrafter(heads).draft([requestOf(full)]);
    await expect(drafting).rejects.toMatchObject({ name: "DecodingError", code });
  });

  it("proposes nothing that is excluded", async () => {
    const exclusion = excludeItems(catalogue, [...catalogue.itemsAt(8), ...catalogue.itemsAt(9)]);
    const heads = saying([-1, -2, -4], [-8, -0.5]);
    const [draft] = await checkedDrafter(new LevelHeadsDrafter(heads)).draft([
      requestOf({ ...full, exclusion }),
    ]);
    expect(draft?.levels.map(({ prefixes }) => [...prefixes])).toEqual([
      [2, 3],
      [6, 7],
    ]);
  });
});
