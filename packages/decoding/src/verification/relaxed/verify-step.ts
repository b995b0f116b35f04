import type { ReadonlyUint32Array, Trie } from "@nightbeam/catalogue";
import type { Beams } from "../../search/beams.js";
import { foldWord, type NoiseKey } from "../noise/noise.js";
import { beamsAt, drawPlaces, uniformFor } from "./draw.js";
import { logChanceOf, type StepDistribution } from "./step-distribution.js";

/** The draws of a step, each with its own noise. */
const ACCEPTANCE = 1;
const RESIDUAL = 2;
const REST = 3;

/** The draft of a step. */
export interface Proposal {
  /** The drafted sequences, in the order in which they are tried. */
  readonly prefixes: ReadonlyUint32Array;
  /** q: the distribution that they were drawn from. */
  readonly drawnFrom: StepDistribution;
}

/**
 * One step of relaxed verification (AtSpeed, section 4.2). A drafted sequence y is accepted with
 * probability min(1, p(y) / q(y)). The first `size` that are accepted are the step's beams. If they
 * are fewer, the others are drawn without replacement from norm(max(0, p - q)) over the sequences not
 * taken, and if that has too few, from p over the rest.
 *
 * @param target p
 * @returns the beams, and whether all of them had been drafted
 */
export function verifyStep(
  target: StepDistribution,
  proposal: Proposal,
  options: { trie: Trie; size: number; noise: NoiseKey },
): { beams: Beams; accepted: boolean } {
  const { trie, noise } = options;
  const possible = target.logChances.filter((chance) => chance > Number.NEGATIVE_INFINITY);
  const size = Math.min(options.size, possible.length);
  const places = new Map(Array.from(target.prefixes, (prefix, place) => [prefix, place]));
  const taken = new Set<number>();
  for (const prefix of proposal.prefixes) {
    const place = places.get(prefix);
    if (place === undefined || taken.size === size) continue;
    const ratio = (target.logChances[place] ?? 0) - logChanceOf(proposal.drawnFrom, prefix);
    const u = uniformFor(trie, prefix, foldWord(noise, ACCEPTANCE));
    if (Math.log(u) < ratio) taken.add(place);
  }
  const accepted = taken.size === size;
  const fill = (logWeights: Float64Array, purpose: number) => {
    for (const place of taken) logWeights[place] = Number.NEGATIVE_INFINITY;
    const drawn = drawPlaces({
      trie,
      step: target,
      logWeights,
      size: size - taken.size,
      noise: foldWord(noise, purpose),
    });
    for (const place of drawn) taken.add(place);
  };
  if (taken.size < size) fill(residual(target, proposal.drawnFrom), RESIDUAL);
  if (taken.size < size) fill(target.logChances.slice(), REST);
  return { beams: beamsAt(target, Uint32Array.from(taken)), accepted };
}

/** Logarithms of max(0, p - q). */
function residual(
  { prefixes, logChances }: StepDistribution,
  from: StepDistribution,
): Float64Array {
  return logChances.map((logP, place) => {
    const excess = Math.exp(logP) - Math.exp(logChanceOf(from, prefixes[place] ?? 0));
    return excess > 0 ? Math.log(excess) : Number.NEGATIVE_INFINITY;
  });
}
