import { childCount } from "@nightbeam/catalogue";
import type { Beams } from "../../search/beams.js";
import { needsLookup } from "../../search/scoring.js";
import type { Lookup, SearchSpace } from "../../search/search-space.js";

/** All sequences that a step could go on to, and how likely each is to be drawn. */
export interface Candidates {
  readonly depth: number;
  /** The beams whose children they are, ascending. Shape [parents]. */
  readonly parents: Uint32Array;
  /** All children of all parents, ascending. Shape [candidates]. */
  readonly prefixes: Uint32Array;
  /** Sums of the log-probabilities (nats) along each; minus infinity for what must not be entered. Shape [candidates]. */
  readonly scores: Float64Array;
  /** Logarithms of softmax(score / temperature) over all of them. Shape [candidates]. */
  readonly logChances: Float64Array;
}

/** The children of the beams that `lookup` knows, or whose next code is certain. */
export function candidatesOf(
  space: SearchSpace,
  beams: Beams,
  options: { lookup: Lookup; temperature: number },
): Candidates {
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
    const first = trie.firstChild[prefix] ?? 0;
    const end = trie.firstChild[prefix + 1] ?? 0;
    for (let child = first; child < end; child++, at++) {
      const logProb = row === undefined || row === "certain" ? 0 : (row[child - first] ?? 0);
      const isDead = exclusion.hasDeadNodes && exclusion.isDead(child);
      prefixes[at] = child;
      scores[at] = isDead ? Number.NEGATIVE_INFINITY : score + logProb;
    }
  }
  const parents = Uint32Array.from(rows, ({ prefix }) => prefix);
  const logChances = logSoftmax(scores, options.temperature);
  return { depth: beams.depth + 1, parents, prefixes, scores, logChances };
}

/** The logarithm of the chance to draw a prefix; minus infinity for one that is no candidate. */
export function logChanceOf({ prefixes, logChances }: Candidates, prefix: number): number {
  let low = 0;
  let high = prefixes.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((prefixes[middle] ?? 0) < prefix) low = middle + 1;
    else high = middle;
  }
  return prefixes[low] === prefix ? (logChances[low] ?? 0) : Number.NEGATIVE_INFINITY;
}

function logSoftmax(scores: Float64Array, temperature: number): Float64Array {
  let largest = Number.NEGATIVE_INFINITY;
  for (const score of scores) largest = Math.max(largest, score / temperature);
  if (largest === Number.NEGATIVE_INFINITY) return scores.slice();
  let sum = 0;
  for (const score of scores) sum += Math.exp(score / temperature - largest);
  const normaliser = largest + Math.log(sum);
  return scores.map((score) => score / temperature - normaliser);
}
