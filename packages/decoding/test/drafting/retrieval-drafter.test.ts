import { excludeItems, NOTHING_EXCLUDED, pathOf } from "@nightbeam/catalogue";
import { catalogueOf, fullCatalogue } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shuffled } from "../../src/drafting/draws.js";
import { BeamSearch, type DraftRequest, RetrievalDrafter } from "../../src/index.js";
import { beginSearch } from "../../src/verification/verification.js";
import { checkedDrafter } from "../support/fakes.js";

const catalogue = fullCatalogue({ levels: 3, codes: 4 });
const { trie } = catalogue;

function requestOf(
  options: { prompt?: number[]; widths?: number[]; excluded?: number[]; key?: number } = {},
): DraftRequest & { search: BeamSearch } {
  const { prompt = [1], widths = [5, 5], excluded, key = 1 } = options;
  const exclusion = excluded ? excludeItems(catalogue, excluded) : NOTHING_EXCLUDED;
  const search = new BeamSearch({ trie, scoring: "full", exclusion }, { beamWidth: 2 });
  return { key, prompt: Int32Array.from(prompt), history: new Uint32Array(), search, widths };
}

async function drafted(request: DraftRequest) {
  const [draft] = await checkedDrafter(new RetrievalDrafter()).draft([request]);
  return draft?.levels.map(({ prefixes }) => [...prefixes]);
}

describe("RetrievalDrafter", () => {
  it("proposes as many paths' prefixes as the widest depth has room for", async () => {
    expect((await drafted(requestOf({ widths: [16, 16] })))?.[1]?.length).toBeGreaterThan(8);
    expect((await drafted(requestOf({ widths: [1, 16] })))?.[0]).toHaveLength(1);
    expect(await drafted(requestOf({ widths: [0, 16] }))).toEqual([]);
    expect(await drafted(requestOf({ widths: [99, 99] }))).toMatchObject([
      { length: 4 },
      { length: 16 },
    ]);
  });

  it("gives a user the same draft for any key and in any batch", async () => {
    const once = await drafted(requestOf({ key: 3 }));
    const drafts = await new RetrievalDrafter().draft([
      requestOf({ prompt: [2] }),
      requestOf({ key: 8 }),
    ]);
    expect(drafts[1]?.levels.map(({ prefixes }) => [...prefixes])).toEqual(once);
    expect(drafts[0]?.levels.map(({ prefixes }) => [...prefixes])).not.toEqual(once);
  });

  it("draws paths evenly, never those that are excluded", async () => {
    // Items follow the leaves here: all but the last 16 are closed, so one first code is left.
    const excluded = Array.from({ length: 48 }, (_, item) => item);
    const counts = new Map<number, number>();
    for (let user = 0; user < 2_000; user++) {
      const levels = await drafted(requestOf({ prompt: [user], widths: [1, 1], excluded }));
      expect(levels?.[0]).toEqual([4]);
      const [second = -1] = levels?.[1] ?? [];
      counts.set(second, (counts.get(second) ?? 0) + 1);
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([17, 18, 19, 20]);
    // 500 expected of each; six standard deviations.
    for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(116);
  });

  it("draws below the beams once the search has some, and something else at each depth", async () => {
    const request = requestOf({ widths: [9, 3] });
    request.search.learn(0, Float64Array.of(-1, -9, -2, -9));
    request.search.advance();
    const [draft] = await checkedDrafter(new RetrievalDrafter()).draft([request]);
    expect(draft?.levels).toHaveLength(1);
    expect(draft?.levels[0]?.prefixes).toHaveLength(3);
    for (const prefix of draft?.levels[0]?.prefixes ?? []) {
      // The children of 1 and 3, which are the beams.
      expect([5, 6, 7, 8, 13, 14, 15, 16]).toContain(prefix);
    }
  });
});

describe("RetrievalDrafter for a relaxed search", () => {
  const uneven = catalogueOf([
    [0, 0, 0],
    [0, 0, 1],
    [0, 1, 0],
    [1, 0, 0],
    [2, 0, 0],
    [2, 0, 1],
    [2, 1, 0],
    [2, 1, 1],
  ]);

  it("draws a level's prefixes as often as code paths go through them", async () => {
    const counts = new Map<string, number>();
    for (let user = 0; user < 4_000; user++) {
      const search = beginSearch(
        { trie: uneven.trie, scoring: "full", exclusion: NOTHING_EXCLUDED },
        {
          beamWidth: 1,
          name: `user ${user}`,
          verification: { kind: "relaxed", seed: 3, temperature: 1, drafted: "sampled" },
        },
      );
      const request = { ...requestOf({ widths: [1, 1] }), search, propose: search.propose };
      const [draft] = await checkedDrafter(new RetrievalDrafter()).draft([request]);
      for (const level of draft?.levels ?? []) {
        const path = pathOf(uneven.trie, level.prefixes[0] ?? 0).join();
        counts.set(path, (counts.get(path) ?? 0) + 1);
      }
    }
    const paths = { "0": 3, "1": 1, "2": 4, "0,0": 2, "0,1": 1, "1,0": 1, "2,0": 2, "2,1": 2 };
    expect([...counts.keys()].toSorted()).toEqual(Object.keys(paths).toSorted());
    for (const [path, through] of Object.entries(paths)) {
      // 500 per code path; six standard deviations of the likeliest.
      expect(Math.abs((counts.get(path) ?? 0) - 500 * through), path).toBeLessThan(190);
    }
  });
});

describe("shuffled", () => {
  it("gives every number once, in an order that the seed decides", () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(), (total, seed) => {
        const order = [...shuffled(total, seed)];
        expect(order.toSorted((a, b) => a - b)).toEqual([...Array(total).keys()]);
        expect([...shuffled(total, seed)]).toEqual(order);
      }),
    );
    expect([...shuffled(50, 1)]).not.toEqual([...shuffled(50, 2)]);
  });

  it("puts every number in every place about equally often", () => {
    const counts = new Float64Array(25);
    for (let seed = 0; seed < 5_000; seed++) {
      [...shuffled(5, seed)].forEach((number, place) => {
        counts[5 * place + number] = (counts[5 * place + number] ?? 0) + 1;
      });
    }
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(170);
  });
});
