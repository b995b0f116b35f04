import { NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import { fullCatalogue } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import {
  BeamSearch,
  CombinedDrafter,
  type Drafter,
  type DraftRequest,
  emptyDrafter,
} from "../../src/index.js";

const { trie } = fullCatalogue({ levels: 3, codes: 3 });

/** Proposes these prefixes, a list for each depth. */
function scripted(...levels: number[][]): Drafter & { readonly released: number[] } {
  const released: number[] = [];
  return {
    released,
    draft: (requests) =>
      Promise.resolve(
        requests.map(() => ({
          levels: levels.map((prefixes, at) => ({
            depth: at + 1,
            prefixes: Uint32Array.from(prefixes),
            scores: Float64Array.from(prefixes, (prefix) => -prefix),
          })),
          milliseconds: 1,
        })),
      ),
    release: (keys) => void released.push(...keys),
  };
}

function searchOf(): BeamSearch {
  const space = { trie, scoring: "full", exclusion: NOTHING_EXCLUDED } as const;
  return new BeamSearch(space, { beamWidth: 2 });
}

function request(widths: readonly number[], known = false): DraftRequest {
  const search = searchOf();
  if (known) {
    search.learn(0, new Float64Array(3));
    search.advance();
  }
  return { key: 1, prompt: Int32Array.of(1), history: new Uint32Array(), search, widths };
}

async function united(drafters: Drafter[], asked: DraftRequest) {
  const [draft] = await new CombinedDrafter(drafters).draft([asked]);
  return draft?.levels.map(({ depth, prefixes }) => ({ depth, prefixes: [...prefixes] }));
}

describe("CombinedDrafter", () => {
  it("lets drafters without a record take turns, each with its best that is not in yet", async () => {
    const drafters = [scripted([1, 2], [4, 5, 6]), scripted([2, 3], [4, 12, 11, 10])];
    expect(await united(drafters, request([9, 9]))).toEqual([
      { depth: 1, prefixes: [1, 2, 3] },
      { depth: 2, prefixes: [4, 5, 12, 6, 11, 10] },
    ]);
  });

  it("leaves out what cannot be reached: its parent is neither known nor fetched", async () => {
    const drafters = [scripted([1, 2], [4, 7, 10]), scripted([3], [8, 11])];
    expect(await united(drafters, request([2, 9]))).toEqual([
      { depth: 1, prefixes: [1, 3] },
      { depth: 2, prefixes: [4, 11, 10] },
    ]);
  });

  it("gives the width to the drafter that was right, and to what several propose", async () => {
    const drafters = [scripted([1, 2]), scripted([3, 1])];
    const combined = new CombinedDrafter(drafters);
    for (let key = 0; key < 20; key++) {
      const search = searchOf();
      await combined.draft([{ ...request([1]), key, search }]);
      // The search keeps two of the three: 1 and 2.
      search.learn(0, Float64Array.of(-1, -2, -3));
      search.advance();
      combined.release([key]);
    }
    const [draft] = await combined.draft([{ ...request([2]), key: 99 }]);
    const [level] = draft?.levels ?? [];
    expect([...(level?.prefixes ?? [])]).toEqual([1, 2]);
    expect(level?.scores[0]).toBeGreaterThan(level?.scores[1] ?? 0);
  });

  it("takes no turn from a drafter whose best are in already", async () => {
    const drafters = [scripted([1, 2], [4, 5, 8, 9]), scripted([3], [6, 4, 5, 12])];
    expect(await united(drafters, request([9, 9]))).toMatchObject([
      { prefixes: [1, 3, 2] },
      { prefixes: [4, 6, 5, 8, 9, 12] },
    ]);
  });

  it("keeps each depth within its width", async () => {
    const drafters = [scripted([1, 2], [4, 5, 6]), scripted([3], [10, 11])];
    expect(await united(drafters, request([2, 3]))).toMatchObject([
      { prefixes: [1, 3] },
      { prefixes: [4, 10, 5] },
    ]);
    expect(await united(drafters, request([1]))).toMatchObject([
      { prefixes: [1] },
      { prefixes: [] },
    ]);
  });

  it("counts depths from where the search stands", async () => {
    const below = scripted([4, 5, 6]);
    expect(await united([below], request([0, 2], true))).toEqual([{ depth: 2, prefixes: [4, 5] }]);
  });

  it("takes drafters that stop at different depths, or propose nothing", async () => {
    expect(
      await united([scripted([1]), emptyDrafter, scripted([2], [5])], request([4, 4])),
    ).toMatchObject([{ prefixes: [1, 2] }, { prefixes: [5] }]);
    expect(await united([], request([4, 4]))).toEqual([]);
  });

  it("releases the keys of all drafters", () => {
    const drafters = [scripted(), scripted()];
    new CombinedDrafter(drafters).release([4, 8]);
    expect(drafters.map(({ released }) => released)).toEqual([
      [4, 8],
      [4, 8],
    ]);
  });
});
