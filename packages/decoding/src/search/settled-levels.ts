import { widthAt } from "./beam-width.js";
import type { Beams } from "./beams.js";
import { expandBeams, rootOf, unknownPrefixes } from "./expand.js";
import type { SearchView } from "./search.js";

/**
 * Yields the beams of every depth that a search has settled, the root's first: repeats the search over what it knows.
 * Stops at the first depth whose children are not all known.
 */
export function* settledLevels(
  search: Pick<SearchView, "space" | "beamWidth" | "known">,
): Generator<Beams, void, undefined> {
  const { space, beamWidth } = search;
  const lookup = (prefix: number) => search.known(prefix);
  for (let beams = rootOf(space); ; ) {
    yield beams;
    const { depth } = beams;
    if (depth === space.trie.levels || unknownPrefixes(space, beams, lookup).length > 0) return;
    beams = expandBeams(space, beams, { lookup, width: widthAt(beamWidth, depth + 1) });
  }
}
