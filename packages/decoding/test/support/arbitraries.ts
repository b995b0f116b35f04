import { type Catalogue, pathOf } from "@nightbeam/catalogue";
import { catalogueOf } from "@nightbeam/testing";
import fc from "fast-check";

/** Codes of random catalogues are below this; the fakes' vocabulary is larger. */
const CODES = 4;

/** A small catalogue: 2 to 5 levels, few codes, so that prefixes and whole paths are shared. */
export const someCatalogue: fc.Arbitrary<Catalogue> = fc
  .record({
    levels: fc.integer({ min: 2, max: 5 }),
    codes: fc.integer({ min: 1, max: CODES }),
    items: fc.integer({ min: 1, max: 40 }),
  })
  .chain(({ levels, codes, items }) =>
    fc.array(
      fc.array(fc.integer({ min: 0, max: codes - 1 }), { minLength: levels, maxLength: levels }),
      { minLength: 1, maxLength: items },
    ),
  )
  .map((paths) => catalogueOf(paths));

/** The distinct code paths of a catalogue. */
export function pathsOf({ trie }: Catalogue): number[][] {
  const first = trie.levelStart[trie.levels] ?? 0;
  return Array.from({ length: trie.codes.length - first }, (_, i) => pathOf(trie, first + i));
}
