import { childRange, parentOf, ROOT, type Trie } from "@nightbeam/catalogue";

/** The nodes of one depth that a user must not get, by the places that their parents have for them. */
export interface ClosedNodes {
  /** Shape [closed]. */
  readonly parents: number[];
  /** Place of each among its parent's children. Shape [closed]. */
  readonly places: number[];
}

/**
 * The closed nodes of every depth from 1 whose parents are open: nothing below them is reached.
 *
 * @param leaves closed leaves, ascending
 * @returns shape [levels]
 */
export function closedNodes(trie: Trie, leaves: ArrayLike<number>): ClosedNodes[] {
  const byDepth: ClosedNodes[] = [];
  let dying = Array.from(leaves);
  for (let depth = trie.levels; depth > 0; depth--) {
    const closed: ClosedNodes = { parents: [], places: [] };
    const dead: number[] = [];
    // Siblings are consecutive: a parent's children are a stretch of the list.
    for (let from = 0; from < dying.length; ) {
      const parent = parentOf(trie, dying[from] ?? ROOT);
      const { first, end } = childRange(trie, parent);
      let to = from;
      while (to < dying.length && (dying[to] ?? end) < end) to++;
      if (to - from === end - first && parent !== ROOT) {
        dead.push(parent);
      } else {
        for (let at = from; at < to; at++) {
          closed.parents.push(parent);
          closed.places.push((dying[at] ?? first) - first);
        }
      }
      from = to;
    }
    byDepth.unshift(closed);
    dying = dead;
  }
  return byDepth;
}
