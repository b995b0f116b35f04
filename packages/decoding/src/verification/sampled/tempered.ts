import type { SearchSpace } from "../../search/search-space.js";

/**
 * The distribution that is sampled after a prefix: softmax(log p / temperature) over the children that
 * the search may enter, as log-probabilities. Whatever the scoring, it is always over the catalogue:
 * the probabilities of all code paths that the user may get sum to 1, and what the model gives to codes
 * that the catalogue lacks, or to what is excluded, is shared out prefix by prefix.
 *
 * Children that the search may not enter, or that the model rules out, have minus infinity. Where the
 * model rules out all of them, so does this.
 *
 * @param logProbs of all children in the trie's order; "certain" where there is one to enter
 */
export function tempered(
  { trie, exclusion }: Pick<SearchSpace, "trie" | "exclusion">,
  prefix: number,
  { logProbs, temperature }: { logProbs: Float64Array | "certain"; temperature: number },
): Float64Array {
  const first = trie.firstChild[prefix] ?? 0;
  const row = new Float64Array((trie.firstChild[prefix + 1] ?? 0) - first);
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < row.length; i++) {
    const isDead = exclusion.hasDeadNodes && exclusion.isDead(first + i);
    const logProb = logProbs === "certain" ? 0 : (logProbs[i] ?? 0);
    row[i] = isDead ? Number.NEGATIVE_INFINITY : logProb / temperature;
    largest = Math.max(largest, row[i] ?? 0);
  }
  if (largest === Number.NEGATIVE_INFINITY) return row;
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += Math.exp((row[i] ?? 0) - largest);
  const normaliser = largest + Math.log(sum);
  for (let i = 0; i < row.length; i++) row[i] = (row[i] ?? 0) - normaliser;
  return row;
}
