import { toHalf } from "./half.js";

/** What the target said about one user, packed: docs/formats/teacher-data.md. */
export interface TeacherExample {
  /** Token ids. Shape [tokens]. */
  readonly prompt: Int32Array;
  /** Place of each node's parent among the user's nodes; -1 for the root, which is first. Shape [nodes]. */
  readonly parents: Int32Array;
  /** Last code of each node's prefix; -1 for the root. Shape [nodes]. */
  readonly codes: Int32Array;
  /** Children that the catalogue has of each node. Shape [nodes]. */
  readonly childCounts: Uint32Array;
  /** Log-probabilities (nats) of all nodes' children in binary16, node by node. Shape [values]. */
  readonly values: Uint16Array;
}

/**
 * Packs a user's tree, in a quarter of the space.
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
