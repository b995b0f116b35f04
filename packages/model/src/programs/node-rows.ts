import { ROOT } from "@nightbeam/catalogue";
import type { BeamTree } from "@nightbeam/decoding";

/** Marks a place in `NodeRows.lines` after the last ancestor. */
export const NO_ANCESTOR = 0x7fffffff;

/**
 * One request's part of a run: the nodes to compute, in the tree's order. Flat arrays, because a run
 * has thousands of nodes.
 */
export interface NodeRows<Request = unknown> {
  readonly request: Request;
  /** Nodes to compute. */
  readonly count: number;
  /** Shape [count]. */
  readonly prefixes: Uint32Array;
  /** Number of codes; 0 for the root. Shape [count]. */
  readonly depths: Uint8Array;
  /** 1 where the children's scores are asked for. Shape [count]. */
  readonly wanted: Uint8Array;
  /**
   * A node's ancestors of depth 1, 2, … and itself, without the root: a row of this run, counted within the request's
   * (0 or more), or `-1 - row` of what is remembered for its key; then NO_ANCESTOR. Shape [count, levels - 1].
   */
  readonly lines: Int32Array;
}

/**
 * Which rows of its tree a request needs. What is remembered is not computed again, unless its children
 * are asked for: memory has keys and values, not the hidden state that scores come from.
 *
 * @param options.cachedRow row of a prefix among those remembered, or undefined
 * @param options.levels of the catalogue
 */
export function nodeRows<Request>(
  request: Request,
  options: {
    tree: BeamTree;
    levels: number;
    cachedRow: (prefix: number) => number | undefined;
  },
): NodeRows<Request> {
  const { prefixes, parents, wanted } = options.tree;
  const maxAncestors = options.levels - 1;
  const entries = prefixes.length;
  const rows = {
    prefixes: new Uint32Array(entries),
    depths: new Uint8Array(entries),
    wanted: new Uint8Array(entries),
    lines: new Int32Array(entries * maxAncestors).fill(NO_ANCESTOR),
  };
  // Line of every entry, computed or not: its children copy it.
  const lines = new Int32Array(entries * maxAncestors).fill(NO_ANCESTOR);
  const depths = new Uint8Array(entries);
  let count = 0;
  let nextWanted = 0;
  for (let entry = 0; entry < entries; entry++) {
    const prefix = prefixes[entry] ?? ROOT;
    const parent = parents[entry] ?? -1;
    const isWanted = wanted[nextWanted] === entry;
    if (isWanted) nextWanted++;
    const cached = isWanted ? undefined : options.cachedRow(prefix);
    const from = entry * maxAncestors;
    if (prefix !== ROOT) {
      const above = parent < 0 ? 0 : (depths[parent] ?? 0);
      const parentLine = parent * maxAncestors;
      lines.copyWithin(from, parentLine, parentLine + above);
      lines[from + above] = cached === undefined ? count : -1 - cached;
      depths[entry] = above + 1;
    }
    if (cached !== undefined) continue;
    rows.prefixes[count] = prefix;
    rows.depths[count] = depths[entry] ?? 0;
    rows.wanted[count] = isWanted ? 1 : 0;
    rows.lines.set(lines.subarray(from, from + maxAncestors), count * maxAncestors);
    count++;
  }
  return { request, count, ...rows };
}
