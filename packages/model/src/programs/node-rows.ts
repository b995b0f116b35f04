import { ROOT } from "@nightbeam/catalogue";
import type { BeamTree } from "@nightbeam/decoding";
import { type Architecture, maxAncestorsOf } from "../architectures/architecture.js";

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
   * A node's ancestors from depth `firstAncestor` on and itself: a row of this run, counted within the request's
   * (0 or more), or `-1 - row` of what is remembered for its key; then NO_ANCESTOR. Shape [count, max ancestors].
   */
  readonly lines: Int32Array;
}

/**
 * Which rows of its tree a request needs. What is remembered is not computed again, unless its children
 * are asked for: memory has keys and values, not the hidden state that scores come from. A root that nodes
 * attend to is needed whether or not it is in the tree.
 *
 * @param options.cachedRow row of a prefix among those remembered, or undefined
 * @param options.levels of the catalogue
 */
export function nodeRows<Request>(
  request: Request,
  options: {
    tree: BeamTree;
    architecture: Pick<Architecture, "firstAncestor">;
    levels: number;
    cachedRow: (prefix: number) => number | undefined;
  },
): NodeRows<Request> {
  const { firstAncestor } = options.architecture;
  const { prefixes, parents, wanted } = firstAncestor === 0 ? withRoot(options.tree) : options.tree;
  const maxAncestors = maxAncestorsOf(options.architecture, options);
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
    const isWanted = wanted[nextWanted] === entry;
    if (isWanted) nextWanted++;
    const cached = isWanted ? undefined : options.cachedRow(prefix);
    const from = entry * maxAncestors;
    if (prefix !== ROOT) {
      const parent = parents[entry] ?? -1;
      const above = parent < 0 ? 0 : (depths[parent] ?? 0);
      const parentLine = parent * maxAncestors;
      lines.copyWithin(from, parentLine, parentLine + above + 1 - firstAncestor);
      depths[entry] = above + 1;
    }
    const depth = depths[entry] ?? 0;
    if (depth >= firstAncestor) {
      lines[from + depth - firstAncestor] = cached === undefined ? count : -1 - cached;
    }
    if (cached !== undefined) continue;
    rows.prefixes[count] = prefix;
    rows.depths[count] = depth;
    rows.wanted[count] = isWanted ? 1 : 0;
    rows.lines.set(lines.subarray(from, from + maxAncestors), count * maxAncestors);
    count++;
  }
  return { request, count, ...rows };
}

/** The tree with the root as its first entry, and as the parent of the nodes below it. */
function withRoot(tree: BeamTree): BeamTree {
  const hasRoot = tree.prefixes[0] === ROOT;
  const shift = hasRoot ? 0 : 1;
  const below = tree.parents.map((parent) => (parent < 0 ? 0 : parent + shift));
  return {
    prefixes: hasRoot ? tree.prefixes : Uint32Array.of(ROOT, ...tree.prefixes),
    parents: hasRoot ? below : Int32Array.of(-1, ...below),
    wanted: tree.wanted.map((entry) => entry + shift),
  };
}
