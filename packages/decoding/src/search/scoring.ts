import { childCount } from "@nightbeam/catalogue";
import type { SearchSpace } from "./search-space.js";

/**
 * Whether a model has to be asked what follows a prefix that the search may enter. Under
 * `renormalized` a code without alternative is certain.
 */
export function needsLookup(space: SearchSpace, prefix: number): boolean {
  return space.scoring === "full" || hasChoice(space, prefix);
}

/** Whether the search may enter more than one child. */
function hasChoice({ trie, exclusion }: SearchSpace, prefix: number): boolean {
  if (!exclusion.hasDeadNodes) return childCount(trie, prefix) > 1;
  let open = 0;
  const end = trie.firstChild[prefix + 1] ?? 0;
  for (let child = trie.firstChild[prefix] ?? 0; child < end && open < 2; child++) {
    if (!exclusion.isDead(child)) open++;
  }
  return open > 1;
}

/**
 * Log-probabilities over a prefix's children as the search uses them. A model knows nothing of what
 * is excluded for one user: under `renormalized` the excluded children's share is given to the
 * others, which is the same as a catalogue without them. The argument is not changed, and is the
 * result where nothing has to be.
 */
export function withoutExcluded(
  space: SearchSpace,
  prefix: number,
  logProbs: Float64Array,
): Float64Array {
  const { trie, exclusion } = space;
  if (space.scoring === "full" || !exclusion.hasDeadNodes) return logProbs;
  const first = trie.firstChild[prefix] ?? 0;
  const dead: number[] = [];
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logProbs.length; i++) {
    if (exclusion.isDead(first + i)) dead.push(i);
    else largest = Math.max(largest, logProbs[i] ?? 0);
  }
  // Where the model rules all others out, there is no share to give: they stay impossible.
  if (dead.length === 0 || largest === Number.NEGATIVE_INFINITY) return logProbs;
  const open = logProbs.slice();
  for (const i of dead) open[i] = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (let i = 0; i < open.length; i++) sum += Math.exp((open[i] ?? 0) - largest);
  const normaliser = largest + Math.log(sum);
  for (let i = 0; i < open.length; i++) open[i] = (open[i] ?? 0) - normaliser;
  return open;
}
