import { childCount, childRange } from "@nightbeam/catalogue";
import { logSoftmax } from "./log-softmax.js";
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
  const { first, end } = childRange(trie, prefix);
  for (let child = first; child < end && open < 2; child++) {
    if (!exclusion.isDead(child)) open++;
  }
  return open > 1;
}

/**
 * Log-probabilities over a prefix's children as the search uses them. A model knows nothing of what
 * is excluded for one user: under `renormalized` the share of the excluded children goes to the
 * others, which is the same as a catalogue without them. The argument is not changed, and is
 * returned itself if nothing has to be.
 */
export function withoutExcluded(
  space: SearchSpace,
  prefix: number,
  logProbs: Float64Array,
): Float64Array {
  const { trie, exclusion } = space;
  if (space.scoring === "full" || !exclusion.hasDeadNodes) return logProbs;
  const { first } = childRange(trie, prefix);
  let open: Float64Array | undefined;
  for (let i = 0; i < logProbs.length; i++) {
    if (!exclusion.isDead(first + i)) continue;
    open ??= logProbs.slice();
    open[i] = Number.NEGATIVE_INFINITY;
  }
  if (open === undefined) return logProbs;
  // If the model rules out all the others, there is no share to give: they stay impossible.
  return logSoftmax(open) === Number.NEGATIVE_INFINITY ? logProbs : open;
}
