import { childCount } from "@nightbeam/catalogue";
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
    if (needsLookup(space, prefix) && lookup(prefix) === undefined) unknown.push(prefix);
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
  const best = new BestPrefixes(Math.min(options.width, candidateCount(space, beams)));
  for (let beam = 0; beam < beams.prefixes.length; beam++) {
    const prefix = beams.prefixes[beam] ?? 0;
    const score = beams.scores[beam] ?? 0;
    const certain = !needsLookup(space, prefix);
    const logProbs = certain ? undefined : options.lookup(prefix);
    if (logProbs === undefined && !certain) continue;
    const first = trie.firstChild[prefix] ?? 0;
    const end = trie.firstChild[prefix + 1] ?? 0;
    for (let child = first; child < end; child++) {
      const total = logProbs === undefined ? score : score + (logProbs[child - first] ?? 0);
      // Few candidates get this far, so asking for the dead among them last is cheapest.
      if (!best.accepts(child, total)) continue;
      if (exclusion.hasDeadNodes && exclusion.isDead(child)) continue;
      best.offer(child, total);
    }
  }
  return best.drain(beams.depth + 1);
}

/** Children of all beams: no step keeps more, however wide it may. */
function candidateCount({ trie }: SearchSpace, beams: Beams): number {
  let count = 0;
  for (const prefix of beams.prefixes) count += childCount(trie, prefix);
  return count;
}
