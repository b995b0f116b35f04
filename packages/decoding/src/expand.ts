import { type Beams, BestPrefixes } from "./beams.js";
import { needsLookup, type SearchSpace } from "./scoring.js";

/**
 * Log-probabilities (nats) of a prefix's children, in the trie's order; undefined where unknown.
 * Never asked about a prefix whose next code is certain.
 */
export type Lookup = (prefix: number) => Float64Array | undefined;

/** The beams whose children cannot be scored yet. */
export function unknownPrefixes(space: SearchSpace, beams: Beams, lookup: Lookup): number[] {
  const unknown: number[] = [];
  for (const prefix of beams.prefixes) {
    if (lookup(prefix) === undefined && needsLookup(space, prefix)) unknown.push(prefix);
  }
  return unknown;
}

/**
 * One step of beam search: the `width` best children of `beams`. A beam that `lookup` knows nothing
 * of takes part only if its next code is certain; whoever needs the exact step asks
 * `unknownPrefixes` first.
 */
export function expandBeams(
  space: SearchSpace,
  beams: Beams,
  options: { lookup: Lookup; width: number },
): Beams {
  const { trie, exclusion } = space;
  const best = new BestPrefixes(options.width);
  for (let beam = 0; beam < beams.prefixes.length; beam++) {
    const prefix = beams.prefixes[beam] ?? 0;
    const score = beams.scores[beam] ?? 0;
    const logProbs = options.lookup(prefix);
    if (logProbs === undefined && needsLookup(space, prefix)) continue;
    const first = trie.firstChild[prefix] ?? 0;
    const end = trie.firstChild[prefix + 1] ?? 0;
    for (let child = first; child < end; child++) {
      if (exclusion.hasDeadNodes && exclusion.isDead(child)) continue;
      best.offer(child, logProbs === undefined ? score : score + (logProbs[child - first] ?? 0));
    }
  }
  return best.drain(beams.depth + 1);
}
