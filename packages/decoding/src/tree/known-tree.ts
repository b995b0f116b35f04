import { childCount, parentOf, ROOT } from "@nightbeam/catalogue";
import type { SearchView } from "../search/search.js";
import { settledLevels } from "../search/settled-levels.js";
import type { Row } from "./answer-rows.js";

/**
 * What the target answered about one user: the prefixes after which its log-probabilities are known,
 * all of them reachable from the root through others. Empty for a user to whom nothing is open.
 */
export interface KnownTree {
  /** Trie nodes, ascending, which is level by level and in each by code path. Shape [entries]. */
  readonly prefixes: Uint32Array;
  /** Entry of each prefix's parent; -1 for the root, which is entry 0. Shape [entries]. */
  readonly parents: Int32Array;
  /**
   * Log-probabilities (nats) of all the children that the catalogue has, in the trie's order, one
   * array per entry: as the target gave them, excluded items included. Shape [children].
   */
  readonly rows: readonly Float64Array[];
}

/** A search that keeps the best prefixes of each level. */
type FinishedSearch = Pick<SearchView, "space" | "beamWidth" | "known">;

/**
 * The known tree of a search that is done.
 *
 * Under `renormalized` a prefix with one child in the catalogue is never asked about. It is listed,
 * its child being certain, if the search kept it as a beam or if it leads to a prefix that was asked
 * about. A prefix that has one child left for this user and more in the catalogue was not asked about
 * either; the target's log-probabilities there are unknown, so neither it nor what is below is listed.
 *
 * @param answered all rows that the target answered; they are not copied
 */
export function knownTree(search: FinishedSearch, answered: readonly Row[]): KnownTree {
  const { trie } = search.space;
  const known = new Map(answered.map(({ prefix, logProbs }) => [prefix, logProbs]));
  for (const prefix of certainPrefixes(search, answered)) known.set(prefix, certainRow());
  const entries = new Map<number, number>();
  const parents: number[] = [];
  const rows: Float64Array[] = [];
  for (const [prefix, row] of [...known].sort(([a], [b]) => a - b)) {
    const parent = prefix === ROOT ? -1 : entries.get(parentOf(trie, prefix));
    if (parent === undefined) continue;
    entries.set(prefix, entries.size);
    parents.push(parent);
    rows.push(row);
  }
  return { prefixes: Uint32Array.from(entries.keys()), parents: Int32Array.from(parents), rows };
}

/** The row of a prefix whose only child is certain. */
const certainRow = () => Float64Array.of(0);

/** Prefixes with one child that the search kept as beams, or that lead to what it asked. */
function certainPrefixes(search: FinishedSearch, answered: readonly Row[]): Set<number> {
  const { space } = search;
  const certain = new Set<number>();
  if (space.scoring === "full" || space.exclusion.isDead(ROOT)) return certain;
  const isCertain = (prefix: number) => childCount(space.trie, prefix) === 1;
  for (const { depth, prefixes } of settledLevels(search)) {
    if (depth === space.trie.levels) break;
    for (const prefix of prefixes) if (isCertain(prefix)) certain.add(prefix);
  }
  const passed = new Set<number>();
  for (const { prefix } of answered) {
    for (let at = prefix; at !== ROOT && !passed.has(at); ) {
      passed.add(at);
      at = parentOf(space.trie, at);
      if (isCertain(at)) certain.add(at);
    }
  }
  return certain;
}
