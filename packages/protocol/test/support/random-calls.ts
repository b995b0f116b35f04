import type { Catalogue, Trie } from "@nightbeam/catalogue";
import { type ScoreRequest, type SearchRequest, treeOf } from "@nightbeam/decoding";
import { catalogueOf } from "@nightbeam/testing";
import fc from "fast-check";

/** Token ids in tests are below this. */
export const VOCABULARY = 100_000;

const code = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 0, max: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(255, 256, 65_535) },
);

/** A catalogue of 2 to 8 levels with few codes, so that prefixes are shared. */
export const someCatalogue: fc.Arbitrary<Catalogue> = fc
  .integer({ min: 2, max: 8 })
  .chain((levels) =>
    fc.array(fc.array(code, { minLength: levels, maxLength: levels }), {
      minLength: 1,
      maxLength: 40,
    }),
  )
  .map(catalogueOf);

/** Requests of some users; their keys are different. */
export function someRequests(trie: Trie): fc.Arbitrary<ScoreRequest[]> {
  const inner = trie.levelStart[trie.levels] ?? 1;
  const user = fc.record({
    prompt: fc.array(fc.nat({ max: VOCABULARY - 1 }), { minLength: 1, maxLength: 12 }),
    prefixes: fc.array(fc.nat({ max: inner - 1 }), { maxLength: 20 }),
    key: fc.nat({ max: 2 ** 32 - 1 }),
  });
  return fc.uniqueArray(user, { maxLength: 6, selector: ({ key }) => key }).map((users) =>
    users.map(({ key, prompt, prefixes }) => ({
      key,
      prompt: Int32Array.from(prompt),
      tree: treeOf(trie, prefixes),
    })),
  );
}

/** A catalogue and a call about it. */
export const someCall: fc.Arbitrary<{ trie: Trie; requests: ScoreRequest[] }> = someCatalogue.chain(
  ({ trie }) =>
    fc.tuple(someRequests(trie), fc.constantFrom(0, 3)).map(([requests, outside]) => ({
      trie,
      requests: outside === 0 ? requests : requests.map((one) => ({ ...one, outside })),
    })),
);

/** A catalogue and a call for whole searches about it, with keys as they arrive: the users' places. */
export const someSearches: fc.Arbitrary<{ catalogue: Catalogue; requests: SearchRequest[] }> =
  someCatalogue.chain((catalogue) => {
    const { trie } = catalogue;
    const firstLeaf = trie.levelStart[trie.levels] ?? 1;
    const leaf = fc.integer({ min: firstLeaf, max: trie.codes.length - 1 });
    const user = fc.record({
      prompt: fc.array(fc.nat({ max: VOCABULARY - 1 }), { minLength: 1, maxLength: 12 }),
      closed: fc.array(leaf, { maxLength: 10 }),
      drafted: fc.array(fc.integer({ min: 1, max: firstLeaf - 1 }), { maxLength: 12 }),
    });
    const shared = fc.array(leaf, { maxLength: 10 });
    return fc.tuple(fc.array(user, { maxLength: 6 }), shared).map(([users, forAll]) => ({
      catalogue,
      requests: users.map(({ prompt, closed, drafted }, key): SearchRequest => {
        const request = {
          key,
          prompt: Int32Array.from(prompt),
          closed: Uint32Array.from(new Set([...closed, ...forAll])).sort(),
        };
        const { prefixes } = treeOf(trie, drafted);
        return prefixes.length === 0 ? request : { ...request, drafted: prefixes };
      }),
    }));
  });
