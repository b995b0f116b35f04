import { findPrefix, pathOf, type Trie } from "@nightbeam/catalogue";
import type { Beams } from "../search/beams.js";
import { noCost, type SearchCost } from "../search/search-cost.js";
import type { Certificate } from "./certificate.js";

/**
 * What a search found, in code paths: it does not depend on how a trie's nodes are numbered, so it can be
 * kept and read with another catalogue.
 */
export interface Answer {
  /** Code paths, best first, those of closing levels included. Shape [beams × levels of the searched trie]. */
  readonly paths: Uint16Array;
  /** `Beams.scores` of the paths. Shape [beams]. */
  readonly scores: Float64Array;
  /** `Beams.logProbs` of the paths; sampled lists only. Shape [beams]. */
  readonly logProbs?: Float64Array;
  /**
   * What proves later that it still holds; undefined if it can only be known to hold for the same code
   * paths, as after a whole search.
   */
  readonly certificate?: Certificate;
}

/** The answer of a search that is done. */
export function answerOf(
  trie: Trie,
  { prefixes, scores, logProbs }: Beams,
  certificate?: Certificate,
): Answer {
  const paths = new Uint16Array(prefixes.length * trie.levels);
  prefixes.forEach((leaf, at) => {
    paths.set(pathOf(trie, leaf), at * trie.levels);
  });
  return {
    paths,
    scores: Float64Array.from(scores),
    ...(logProbs !== undefined && { logProbs: Float64Array.from(logProbs) }),
    ...(certificate !== undefined && { certificate }),
  };
}

/**
 * The outcome of a search that was not run again, in the nodes of the present trie; it cost nothing.
 * Undefined if the trie lacks one of the paths.
 */
export function outcomeOf(
  { paths, scores, logProbs }: Answer,
  trie: Trie,
): { readonly beams: Beams; readonly cost: SearchCost } | undefined {
  const { levels } = trie;
  if (paths.length !== scores.length * levels) return undefined;
  const prefixes = new Uint32Array(scores.length);
  for (let at = 0; at < prefixes.length; at++) {
    const leaf = findPrefix(trie, paths.subarray(at * levels, (at + 1) * levels));
    if (leaf < 0) return undefined;
    prefixes[at] = leaf;
  }
  const beams = { depth: levels, prefixes, scores };
  return { beams: logProbs === undefined ? beams : { ...beams, logProbs }, cost: noCost };
}
