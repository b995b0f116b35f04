import { childCount, ROOT, type Trie } from "@nightbeam/catalogue";
import type { BeamTree, ScoreRequest } from "@nightbeam/decoding";

/** Marks a place in `UserRows.lines` behind the last ancestor. */
export const NO_ANCESTOR = 0x7fffffff;

/**
 * One user's part of a call: the nodes to compute, in the tree's order. Flat arrays, because a call
 * has thousands of nodes.
 */
export interface UserRows {
  readonly request: ScoreRequest;
  /** Nodes to compute. */
  readonly count: number;
  /** Shape [count]. */
  readonly prefixes: Uint32Array;
  /** Number of codes; 0 for the root, whose row is the prompt's last token once more. Shape [count]. */
  readonly depths: Uint8Array;
  /** 1 where the children's scores are asked for. Shape [count]. */
  readonly wanted: Uint8Array;
  /**
   * A node's ancestors of depth 1, 2, … and itself: a row of this call, counted within the user's
   * (0 or more), or `-1 - row` of the user's memory; then NO_ANCESTOR. Shape [count, levels - 1].
   */
  readonly lines: Int32Array;
}

/**
 * Which rows a request needs. What the memory holds is not computed again, unless its children are
 * asked for: the memory keeps keys and values, not the hidden state that scores come from.
 *
 * @param options.cachedRow row of a prefix in the user's memory, or undefined
 * @param options.levels of the catalogue
 */
export function rowsOf(
  request: ScoreRequest,
  options: { levels: number; cachedRow: (prefix: number) => number | undefined },
): UserRows {
  const { prefixes, parents, wanted } = request.tree;
  const most = options.levels - 1;
  const entries = prefixes.length;
  const rows = {
    prefixes: new Uint32Array(entries),
    depths: new Uint8Array(entries),
    wanted: new Uint8Array(entries),
    lines: new Int32Array(entries * most).fill(NO_ANCESTOR),
  };
  // Line of every entry, computed or not: what hangs below it copies it.
  const lines = new Int32Array(entries * most).fill(NO_ANCESTOR);
  const depths = new Uint8Array(entries);
  let count = 0;
  let nextWanted = 0;
  for (let entry = 0; entry < entries; entry++) {
    const prefix = prefixes[entry] ?? ROOT;
    const parent = parents[entry] ?? -1;
    const isWanted = wanted[nextWanted] === entry;
    if (isWanted) nextWanted++;
    const cached = isWanted ? undefined : options.cachedRow(prefix);
    const from = entry * most;
    if (prefix !== ROOT) {
      const above = parent < 0 ? 0 : (depths[parent] ?? 0);
      for (let at = 0; at < above; at++)
        lines[from + at] = lines[parent * most + at] ?? NO_ANCESTOR;
      lines[from + above] = cached === undefined ? count : -1 - cached;
      depths[entry] = above + 1;
    }
    if (cached !== undefined) continue;
    rows.prefixes[count] = prefix;
    rows.depths[count] = depths[entry] ?? 0;
    rows.wanted[count] = isWanted ? 1 : 0;
    rows.lines.set(lines.subarray(from, from + most), count * most);
    count++;
  }
  return { request, count, ...rows };
}

/** Children of all wanted entries of a tree: the length of the answer. */
export function answerLength(trie: Trie, tree: BeamTree): number {
  return tree.wanted.reduce(
    (sum, entry) => sum + childCount(trie, tree.prefixes[entry] ?? ROOT),
    0,
  );
}
