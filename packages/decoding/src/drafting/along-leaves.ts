import { parentOf, type Trie } from "@nightbeam/catalogue";
import type { Beams } from "../search/beams.js";
import { isWorthAsking } from "../search/search.js";
import type { DraftRequest } from "./drafter.js";

/**
 * Proposes the prefixes of whole code paths that lie below the search's beams: of each path in turn
 * all that fit, from the beams downwards. A prefix is proposed only if those above it are proposed or
 * known: the search could not reach it otherwise. Prefixes that the search need not ask about use no
 * width.
 *
 * Scores are minus the place: the paths have an order and no probabilities.
 *
 * @param leaves trie nodes of whole paths, best first; read until all widths are used up
 */
export function levelsAlong(request: DraftRequest, leaves: Iterable<number>): Beams[] {
  const { search, widths } = request;
  const { beams } = search.state;
  const { trie } = search.space;
  const rooms = roomsBelow(beams.depth, { trie, widths });
  if (rooms.length === 0) return [];
  const levels = rooms.map(() => new Set<number>());
  const held = new Set(beams.prefixes);
  for (const leaf of leaves) {
    const [beam, ...below] = pathFrom(beams.depth, { trie, leaf });
    if (beam === undefined || !held.has(beam)) continue;
    for (const [at, level] of levels.entries()) {
      const prefix = below[at];
      if (prefix === undefined || search.space.exclusion.isDead(prefix)) break;
      if (level.has(prefix) || !isWorthAsking(search, prefix)) continue;
      if (level.size === rooms[at]) break;
      level.add(prefix);
    }
    if (levels.every((level, at) => level.size === rooms[at])) break;
  }
  return levels.map((level, at) => ({
    depth: beams.depth + at + 1,
    prefixes: Uint32Array.from(level),
    scores: Float64Array.from(level.keys(), (_, place) => -place),
  }));
}

/** Widths of the drafted depths below `depth`: up to the first 0, or to the last depth but one. */
function roomsBelow(
  depth: number,
  { trie, widths }: { trie: Trie; widths: readonly number[] },
): number[] {
  const below = widths.slice(depth, trie.levels - 1);
  const end = below.indexOf(0);
  return end < 0 ? below : below.slice(0, end);
}

/** The nodes on the way to a leaf, from the one of this depth on. */
function pathFrom(depth: number, { trie, leaf }: { trie: Trie; leaf: number }): number[] {
  const path = [leaf];
  for (let at = trie.levels; at > depth; at--) path.push(parentOf(trie, path.at(-1) ?? leaf));
  return path.reverse();
}
