import { childRange, type ReadonlyFloat64Array } from "@nightbeam/catalogue";
import { logSoftmax } from "../../search/log-softmax.js";
import type { SearchSpace } from "../../search/search-space.js";

/**
 * The distribution that is sampled after a prefix: softmax(log p / temperature) over the children that
 * the search may enter, as log-probabilities. Under either scoring it is over the catalogue: the
 * probabilities of all code paths that are open to the user sum to 1, and the share of codes that the
 * catalogue lacks, or that are excluded, is redistributed prefix by prefix.
 *
 * Children that the search may not enter, or that the model rules out, have minus infinity. If the
 * model rules out all of them, so does this.
 *
 * @param logProbs of all children in the trie's order; "certain" if only one can be entered
 */
export function tempered(
  { trie, exclusion }: Pick<SearchSpace, "trie" | "exclusion">,
  prefix: number,
  { logProbs, temperature }: { logProbs: ReadonlyFloat64Array | "certain"; temperature: number },
): Float64Array {
  const { first, end } = childRange(trie, prefix);
  const row = new Float64Array(end - first);
  for (let i = 0; i < row.length; i++) {
    const isDead = exclusion.hasDeadNodes && exclusion.isDead(first + i);
    const logProb = logProbs === "certain" ? 0 : (logProbs[i] ?? 0);
    row[i] = isDead ? Number.NEGATIVE_INFINITY : logProb / temperature;
  }
  logSoftmax(row);
  return row;
}
