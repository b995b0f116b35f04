import { childCount, childRange } from "@nightbeam/catalogue";
import type { Beams } from "../../search/beams.js";
import { logSoftmax } from "../../search/log-softmax.js";
import { needsLookup } from "../../search/scoring.js";
import type { Lookup, SearchSpace } from "../../search/search-space.js";

/** All sequences that a step can lead to, and the probability of drawing each. */
export interface StepDistribution {
  readonly depth: number;
  /** The beams whose children they are, ascending. Shape [parents]. */
  readonly parents: Uint32Array;
  /** All children of all parents, ascending. Shape [sequences]. */
  readonly prefixes: Uint32Array;
  /** Sums of the log-probabilities (nats) along each; minus infinity for those that must not be entered. Shape [sequences]. */
  readonly scores: Float64Array;
  /** Logarithms of softmax(score / temperature) over all of them. Shape [sequences]. */
  readonly logChances: Float64Array;
}

/** Over the children of the beams that are known to `lookup`, or whose next code is certain. */
export function stepDistribution(
  space: SearchSpace,
  beams: Beams,
  options: { lookup: Lookup; temperature: number },
): StepDistribution {
  const { trie, exclusion } = space;
  const rows = Array.from(beams.prefixes, (prefix, beam) => ({
    prefix,
    score: beams.scores[beam] ?? 0,
    row: needsLookup(space, prefix) ? options.lookup(prefix) : ("certain" as const),
  }))
    .filter(({ row }) => row !== undefined)
    .sort((a, b) => a.prefix - b.prefix);
  const count = rows.reduce((sum, { prefix }) => sum + childCount(trie, prefix), 0);
  const prefixes = new Uint32Array(count);
  const scores = new Float64Array(count);
  let at = 0;
  for (const { prefix, score, row } of rows) {
    const { first, end } = childRange(trie, prefix);
    for (let child = first; child < end; child++, at++) {
      const logProb = row === undefined || row === "certain" ? 0 : (row[child - first] ?? 0);
      const isDead = exclusion.hasDeadNodes && exclusion.isDead(child);
      prefixes[at] = child;
      scores[at] = isDead ? Number.NEGATIVE_INFINITY : score + logProb;
    }
  }
  const parents = Uint32Array.from(rows, ({ prefix }) => prefix);
  const logChances = scores.map((score) => score / options.temperature);
  logSoftmax(logChances);
  return { depth: beams.depth + 1, parents, prefixes, scores, logChances };
}

/** The logarithm of the probability of drawing a prefix; minus infinity for one that is not among them. */
export function logChanceOf({ prefixes, logChances }: StepDistribution, prefix: number): number {
  let low = 0;
  let high = prefixes.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((prefixes[middle] ?? 0) < prefix) low = middle + 1;
    else high = middle;
  }
  return prefixes[low] === prefix ? (logChances[low] ?? 0) : Number.NEGATIVE_INFINITY;
}
