import { childCodes, NOTHING_EXCLUDED, type Trie } from "@nightbeam/catalogue";
import { fullCatalogue } from "@nightbeam/testing";
import { expect, it } from "vitest";
import type { Drafter } from "../../src/index.js";
import { decodeBatch } from "../support/decode.js";
import { fakeModel } from "../support/fake-model.js";
import { FakeScorer } from "../support/fakes.js";

/**
 * What a drafter could do to change a list does not compile. The directives below are the test: each
 * is an error for `npm run typecheck` once its line compiles.
 */
export const meddling: Drafter = {
  async draft(requests) {
    for (const { search, prompt, history } of requests) {
      // @ts-expect-error the prompt is read-only
      prompt[0] = 1;
      // @ts-expect-error and so is the history
      history.set([1]);
      // @ts-expect-error a view of it as well
      history.subarray(0).fill(0);
      // @ts-expect-error the catalogue's trie is read-only
      search.space.trie.codes[1] = 1;
      // @ts-expect-error with its children
      search.space.trie.firstChild.fill(0);
      // @ts-expect-error and its levels
      search.space.trie.levelStart[1] = 2;
      // @ts-expect-error codes of children are views of it
      childCodes(search.space.trie, 0)[0] = 1;
      // @ts-expect-error a view cannot learn
      search.learn(0, Float64Array.of(0));
      // @ts-expect-error a view cannot advance
      search.advance();
      // @ts-expect-error nor forget
      search.forgetAhead?.();
      // @ts-expect-error beams are read-only
      search.state.beams.prefixes[0] = 1;
      // @ts-expect-error and so are their scores
      search.state.beams.scores.fill(0);
      // @ts-expect-error their memory is not reachable
      search.state.beams.scores.buffer;
      // @ts-expect-error and a view of it is read-only
      search.state.beams.scores.subarray(0)[0] = 0;
      search.state.beams.scores.forEach((_, rank, all) => {
        // @ts-expect-error and a callback gets them read-only
        all[rank] = 0;
      });
      // @ts-expect-error in a reduce as well
      prompt.reduce((sum, token, _, all) => sum + token + all.fill(0).length, 0);
      // @ts-expect-error what is missing is decided
      if (search.state.kind === "asking") search.state.missing.push(1);
      // @ts-expect-error a search is drafted as the request says
      search.propose?.(search.state.beams, { lookup: () => undefined, width: 1 });
      const known = search.known(0);
      // @ts-expect-error what the target answered is read-only
      if (known !== undefined) known[0] = 0;
      // @ts-expect-error a search cannot be moved
      search.state = { kind: "done", beams: search.state.beams };
    }
    return requests.map(() => ({ levels: [] }));
  },
  release: () => undefined,
};

it("gives drafters an object without the methods that change a search", async () => {
  const { trie } = fullCatalogue({ levels: 2, codes: 2 });
  const seen: string[][] = [];
  const drafter: Drafter = {
    async draft(requests) {
      return requests.map(({ search }) => {
        seen.push(Object.keys(search).sort());
        expect(Object.getPrototypeOf(search)).toBe(Object.prototype);
        return { levels: [] };
      });
    },
    release: () => undefined,
  };
  await decodeOne(trie, drafter);
  expect(seen[0]).toEqual(["beamWidth", "known", "space", "state"]);
});

it("lets a drafter read the state of the search", async () => {
  const { trie } = fullCatalogue({ levels: 3, codes: 3 });
  const depths: number[] = [];
  const drafter: Drafter = {
    async draft(requests) {
      return requests.map(({ search }) => {
        depths.push(search.state.beams.depth);
        expect(search.known(0)?.length).toBe(search.state.beams.depth === 0 ? undefined : 3);
        return { levels: [] };
      });
    },
    release: () => undefined,
  };
  await decodeOne(trie, drafter);
  expect(depths).toEqual([0, 1, 2]);
});

async function decodeOne(trie: Trie, drafter: Drafter): Promise<void> {
  const options = {
    target: new FakeScorer(trie, fakeModel({ seed: 4, scoring: "full" })),
    drafter,
    policy: { widthsFor: () => [1, 1], observe: () => undefined },
    space: { trie, scoring: "full" },
    beamWidth: 2,
  } as const;
  const job = { key: 1, prompt: Int32Array.of(1), history: new Uint32Array() };
  await decodeBatch(options, [{ ...job, exclusion: NOTHING_EXCLUDED }]);
}
