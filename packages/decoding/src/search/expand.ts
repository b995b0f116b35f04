import { childCount, childRange } from "@nightbeam/catalogue";
import { type Beams, BestPrefixes, rootBeams } from "./beams.js";
import { needsLookup } from "./scoring.js";
import type { Lookup, SearchSpace } from "./search-space.js";

/** The beams whose children cannot be scored yet. */
export function unknownPrefixes(space: SearchSpace, beams: Beams, lookup: Lookup): number[] {
  const unknown: number[] = [];
  for (const prefix of beams.prefixes) {
    if (needsLookup(space, prefix) && lookup(prefix) === undefined) unknown.push(prefix);
  }
  return unknown;
}

/** Where a search of the space begins: the empty prefix. */
export function rootOf({ ranking }: SearchSpace): Beams {
  return ranking === undefined ? rootBeams() : ranking.root();
}

/**
 * One step of beam search: the `width` best children of `beams`. A beam that is unknown to `lookup`
 * takes part only if its next code is certain; for the exact step, call `unknownPrefixes` first.
 */
export function expandBeams(
  space: SearchSpace,
  beams: Beams,
  options: { lookup: Lookup; width: number },
): Beams {
  const { trie, exclusion, ranking } = space;
  if (ranking !== undefined) return ranking.expand(space, beams, options);
  const best = new BestPrefixes(Math.min(options.width, countChildren(space, beams)));
  for (let beam = 0; beam < beams.prefixes.length; beam++) {
    const prefix = beams.prefixes[beam] ?? 0;
    const score = beams.scores[beam] ?? 0;
    const certain = !needsLookup(space, prefix);
    const logProbs = certain ? undefined : options.lookup(prefix);
    if (logProbs === undefined && !certain) continue;
    const { first, end } = childRange(trie, prefix);
    for (let child = first; child < end; child++) {
      const total = logProbs === undefined ? score : score + (logProbs[child - first] ?? 0);
      // Few children get this far, so it is cheapest to check for dead ones last.
      if (!best.accepts(child, total)) continue;
      if (exclusion.hasDeadNodes && exclusion.isDead(child)) continue;
      best.offer(child, total);
    }
  }
  return best.drain(beams.depth + 1);
}

/** Children of all beams: no step keeps more, however wide it may be. */
export function countChildren({ trie }: Pick<SearchSpace, "trie">, beams: Beams): number {
  let count = 0;
  for (const prefix of beams.prefixes) count += childCount(trie, prefix);
  return count;
}
