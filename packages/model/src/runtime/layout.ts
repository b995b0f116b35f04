import { childCount, ROOT, type Trie } from "@nightbeam/catalogue";
import type { BeamTree, ScoreRequest } from "@nightbeam/decoding";

/** A node that a call computes. */
export interface NodeRow {
  readonly prefix: number;
  /** Number of codes; 0 for the root, whose row is the prompt's last token once more. */
  readonly depth: number;
  /**
   * Its proper ancestors and itself, by depth 1, 2, …: rows of this call (`row >= 0`, counted
   * within the user's rows), or `-1 - cached`, a row that the user's memory holds.
   */
  readonly line: readonly number[];
  readonly wanted: boolean;
}

/** One user's part of a call. */
export interface UserRows {
  readonly request: ScoreRequest;
  readonly rows: readonly NodeRow[];
}

/**
 * Which rows a request needs. What the memory holds is not computed again, unless its children are
 * asked for: the memory keeps keys and values, not the hidden state that scores come from.
 *
 * @param cachedRow row of a prefix in the user's memory, or undefined
 */
export function rowsOf(
  request: ScoreRequest,
  cachedRow: (prefix: number) => number | undefined,
): UserRows {
  const { tree } = request;
  const wanted = new Set(tree.wanted);
  const rows: NodeRow[] = [];
  const lines: number[][] = [];
  tree.prefixes.forEach((prefix, entry) => {
    const above = lines[tree.parents[entry] ?? -1] ?? [];
    const cached = wanted.has(entry) ? undefined : cachedRow(prefix);
    if (prefix === ROOT) {
      lines.push([]);
      rows.push({ prefix, depth: 0, line: [], wanted: wanted.has(entry) });
    } else if (cached !== undefined) {
      lines.push([...above, -1 - cached]);
    } else {
      const line = [...above, rows.length];
      lines.push(line);
      rows.push({ prefix, depth: line.length, line, wanted: wanted.has(entry) });
    }
  });
  return { request, rows };
}

/** Children of all wanted entries of a tree: the length of the answer. */
export function answerLength(trie: Trie, tree: BeamTree): number {
  return tree.wanted.reduce(
    (sum, entry) => sum + childCount(trie, tree.prefixes[entry] ?? ROOT),
    0,
  );
}
