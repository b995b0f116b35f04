import { needsLookup } from "./search/scoring.js";
import type { Search } from "./search/search.js";

/** Whether a prefix is one that the search could come to ask about, whoever proposes it. */
export function isWorthAsking(search: Search, prefix: number): boolean {
  const { trie, exclusion } = search.space;
  return (
    prefix < (trie.levelStart[trie.levels] ?? 0) &&
    search.known(prefix) === undefined &&
    !exclusion.isDead(prefix) &&
    needsLookup(search.space, prefix)
  );
}
