import { toHalf } from "./half.js";

/** The target's answers for a user, packed: see docs/formats/teacher-data.md. */
export interface TeacherExample {
  /** Token ids. Shape [tokens]. */
  readonly prompt: Int32Array;
  /** The index of each node's parent among the user's nodes; -1 for the root, the first node. Shape [nodes]. */
  readonly parents: Int32Array;
  /** The last code of each node's prefix; -1 for the root. Shape [nodes]. */
  readonly codes: Int32Array;
  /** The number of each node's children in the catalogue. Shape [nodes]. */
  readonly childCounts: Uint32Array;
  /** Log-probabilities (nats) of the children of all nodes in binary16, node by node. Shape [values]. */
  readonly values: Uint16Array;
}

/**
 * Packs a user's tree into a quarter of the space.
 *
 * @param tree.rows log-probabilities of each node's children, ascending by code
 */
export function teacherExample(tree: {
  prompt: Int32Array;
  parents: Int32Array;
  codes: Int32Array;
  rows: readonly Float64Array[];
}): TeacherExample {
  const { prompt, parents, codes, rows } = tree;
  const childCounts = Uint32Array.from(rows, (row) => row.length);
  const values = new Float64Array(childCounts.reduce((sum, count) => sum + count, 0));
  let at = 0;
  for (const row of rows) {
    values.set(row, at);
    at += row.length;
  }
  return { prompt, parents, codes, childCounts, values: toHalf(values) };
}
