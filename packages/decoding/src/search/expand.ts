import { childCount } from "@nightbeam/catalogue";
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
 * One step of beam search: the `width` best children of `beams`. A beam that `lookup` knows nothing
 * of takes part only if its next code is certain; whoever needs the exact step asks
 * `unknownPrefixes` first.
 */
export function expandBeams(
  space: SearchSpace,
  beams: Beams,
  options: { lookup: Lookup; width: number },
): Beams {
  const { trie, exclusion, ranking } = space;
  if (ranking !== undefined) return ranking.expand(space, beams, options);
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
export function candidateCount({ trie }: Pick<SearchSpace, "trie">, beams: Beams): number {
  let count = 0;
  for (const prefix of beams.prefixes) count += childCount(trie, prefix);
  return count;
}
