import { excludeItems, NOTHING_EXCLUDED, ROOT } from "@nightbeam/catalogue";
import { catalogueOf } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BeamSearch, type DraftRequest, TransitionsDrafter } from "../../src/index.js";
import { counted } from "../support/counted.js";
import { type Scenario, someScenario } from "../support/scenario.js";

const catalogue = catalogueOf([
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
  [2, 0],
]);

function requestOf(
  { catalogue, exclusion, history }: Pick<Scenario, "catalogue" | "exclusion" | "history">,
  key = 1,
): DraftRequest {
  const space = { trie: catalogue.trie, scoring: "renormalized", exclusion } as const;
  const search = new BeamSearch(space, { beamWidth: 2 });
  return { key, prompt: Int32Array.of(1), history, search, widths: [9, 9, 9, 9] };
}

/** Estimated probabilities of the first codes. */
async function firstCodes(histories: readonly number[][], history: number[], excluded?: number[]) {
  const table = counted(catalogue.itemCount, histories);
  const drafter = new TransitionsDrafter({ catalogue, table });
  const exclusion = excluded ? excludeItems(catalogue, excluded) : NOTHING_EXCLUDED;
  const request = requestOf({ catalogue, exclusion, history: Uint32Array.from(history) });
  await drafter.estimate([{ request, prefixes: [ROOT] }]);
  return Array.from(drafter.lookup(request, ROOT) ?? [], Math.exp);
}

describe("TransitionsDrafter", () => {
  it("estimates distributions: the children of any prefix sum to 1", async () => {
    await fc.assert(
      fc.asyncProperty(
        someScenario({ excluding: true, values: [1] }),
        fc.array(fc.array(fc.nat(), { maxLength: 8 }), { maxLength: 8 }),
        async (scenario, draws) => {
          const { itemCount, trie } = scenario.catalogue;
          const table = counted(
            itemCount,
            draws.map((draw) => draw.map((item) => item % itemCount)),
          );
          const [drafter, again] = [0, 1].map(
            () => new TransitionsDrafter({ catalogue: scenario.catalogue, table }),
          );
          const request = requestOf(scenario);
          const prefixes = [...trie.codes.keys()].slice(0, trie.levelStart[trie.levels]);
          await drafter?.estimate([{ request, prefixes }]);
          await again?.estimate([{ request, prefixes: prefixes.toReversed() }]);
          for (const prefix of prefixes) {
            const row = drafter?.lookup(request, prefix) ?? new Float64Array();
            const sum = row.reduce((total, value) => total + Math.exp(value), 0);
            expect(sum).toBeCloseTo(1, 9);
            expect(row.every(Number.isFinite)).toBe(true);
            expect(again?.lookup(request, prefix)).toEqual(row);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("adds up the votes of a prefix's items, and leaves a tenth for the others", async () => {
    // After item 4 came item 0 twice, item 1 once and item 2 once.
    const codes = await firstCodes(
      [
        [4, 0],
        [4, 0],
        [4, 1],
        [4, 2],
      ],
      [4],
    );
    expect(codes).toEqual([
      expect.closeTo(0.9 * 0.75 + 0.1 * 0.4, 6),
      expect.closeTo(0.9 * 0.25 + 0.1 * 0.4, 6),
      expect.closeTo(0.1 * 0.2, 6),
    ]);
  });

  it("lets the later items of a history count more", async () => {
    const histories = [
      [0, 2],
      [1, 4],
    ];
    const share = 1 / 1.8;
    const [, two = 0, four = 0] = await firstCodes(histories, [0, 1]);
    expect(four).toBeCloseTo(0.9 * share + 0.1 * 0.2, 6);
    expect(two).toBeCloseTo(0.9 * (1 - share) + 0.1 * 0.4, 6);
  });

  it("lets only the last 20 items vote", async () => {
    const silent = Array.from({ length: 20 }, () => 3);
    const votes = [[0, 2]];
    expect(await firstCodes(votes, [0, ...silent])).toEqual(await firstCodes([], []));
    expect(await firstCodes(votes, [0, ...silent.slice(1)])).not.toEqual(await firstCodes([], []));
  });

  it("uses the number of items if nothing votes", async () => {
    const even = [0.4, 0.4, 0.2].map((share) => expect.closeTo(share, 12));
    expect(await firstCodes([], [])).toEqual(even);
    expect(await firstCodes([[0, 2]], [4])).toEqual(even);
  });

  it("gives no vote to what the user must not get", async () => {
    const histories = [
      [4, 0],
      [4, 2],
    ];
    const [zero = 0, one = 0] = await firstCodes(histories, [4], [0]);
    expect(zero).toBeCloseTo(0.1 * 0.4, 6);
    expect(one).toBeCloseTo(0.9 + 0.1 * 0.4, 6);
  });

  it("keeps users apart, and forgets them on release", async () => {
    const table = counted(catalogue.itemCount, [
      [0, 2],
      [1, 4],
    ]);
    const drafter = new TransitionsDrafter({ catalogue, table });
    const requests = [0, 1].map((item) =>
      requestOf({ catalogue, exclusion: NOTHING_EXCLUDED, history: Uint32Array.of(item) }, item),
    );
    const drafts = await drafter.draft(requests);
    expect(drafts.map(({ levels }) => levels[0]?.prefixes[0])).toEqual([2, 3]);
    drafter.release([0]);
    expect(requests.map((request) => drafter.lookup(request, ROOT) !== undefined)).toEqual([
      false,
      true,
    ]);
  });
});
