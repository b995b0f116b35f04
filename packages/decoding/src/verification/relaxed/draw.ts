import { childCodes, pathOf, type ReadonlyUint32Array, type Trie } from "@nightbeam/catalogue";
import { type Beams, BestPrefixes } from "../../search/beams.js";
import { foldWord, gumbelsAt, type NoiseKey, uniformsAt } from "../noise/noise.js";
import type { StepDistribution } from "./step-distribution.js";

/** Numbers drawn for all sequences, by the codes of each. Shape [sequences]. */
function noiseOver(
  draw: (key: NoiseKey, words: ArrayLike<number>) => Float64Array,
  { trie, step, noise }: { trie: Trie; step: StepDistribution; noise: NoiseKey },
): Float64Array {
  const drawn = new Float64Array(step.prefixes.length);
  let at = 0;
  for (const parent of step.parents) {
    const codes = childCodes(trie, parent);
    drawn.set(draw(pathOf(trie, parent).reduce(foldWord, noise), codes), at);
    at += codes.length;
  }
  return drawn;
}

/**
 * Draws sequences of a step without replacement by their weights: the largest of the logarithms, each
 * with a Gumbel variable added. Weights of 0 are never drawn.
 *
 * @param logWeights logarithms of weights of any sum. Shape [sequences]
 * @returns places in the step, in the order of drawing; fewer than `size` if no more have weight
 */
export function drawPlaces(options: {
  trie: Trie;
  step: StepDistribution;
  logWeights: Float64Array;
  size: number;
  noise: NoiseKey;
}): ReadonlyUint32Array {
  const { step, logWeights } = options;
  const gumbels = noiseOver(gumbelsAt, options);
  const best = new BestPrefixes(Math.min(options.size, step.prefixes.length));
  for (let place = 0; place < logWeights.length; place++) {
    const logWeight = logWeights[place] ?? 0;
    if (logWeight !== Number.NEGATIVE_INFINITY)
      best.offer(place, logWeight + (gumbels[place] ?? 0));
  }
  return best.drain(0).prefixes;
}

/** A number between 0 and 1 for a prefix, both excluded. */
export function uniformFor(trie: Trie, prefix: number, noise: NoiseKey): number {
  const path = pathOf(trie, prefix);
  const key = path.slice(0, -1).reduce(foldWord, noise);
  return uniformsAt(key, path.slice(-1))[0] ?? 0;
}

/** The sequences at some places, in the order of the places. */
export function beamsAt(
  { depth, prefixes, scores }: StepDistribution,
  places: ReadonlyUint32Array,
): Beams {
  return {
    depth,
    prefixes: places.map((place) => prefixes[place] ?? 0),
    scores: Float64Array.from(places, (place) => scores[place] ?? 0),
  };
}

/** The same beams, best first. */
export function bestFirst({ depth, prefixes, scores }: Beams): Beams {
  const best = new BestPrefixes(prefixes.length);
  for (const [at, prefix] of prefixes.entries()) best.offer(prefix, scores[at] ?? 0);
  return best.drain(depth);
}
