import { ROOT } from "@nightbeam/catalogue";
import { SIZES } from "../../architectures/inputs.js";
import { type Feeds, float32, int32, type Sizes } from "../../onnx/feeds.js";
import type { Value } from "../../onnx/graph-builder.js";
import type { NodeRows } from "../node-rows.js";
import { flatten } from "./levels.js";
import type { GraphBeams, SearchContext } from "./search-context.js";
import { searchSizes } from "./sizes.js";

/** Names of the inputs and the output of one depth. */
const draftedNames = (depth: number) => ({
  /** The drafted nodes; -1: there is none. int32 [B, D]. */
  nodes: `drafted_${depth}`,
  /** Row of each among the states, counted from 1. float [B, D]. */
  rows: `drafted_rows_${depth}`,
  /** Beams of each user that were not drafted. float [B]. */
  missing: `missing_${depth}`,
});

/** Name of the output that counts the beams of a depth that were not drafted. float [B] */
export const missingName = (depth: number) => draftedNames(depth).missing;

/** Where the states of beams are among those of the drafted nodes. */
export interface DraftedRows {
  /** int32 [B × K]; of a beam that was not drafted, any row. */
  readonly rows: Value;
  /** bool, without dimensions: whether every beam of every user was drafted. */
  readonly complete: Value;
}

/** Looks beams up among the drafted nodes. Adds the output that counts those that are missing. */
export function draftedRows(context: SearchContext, beams: GraphBeams): DraftedRows {
  const { graph, tensors } = context;
  const names = draftedNames(beams.depth);
  const shape = [SIZES.users, searchSizes.drafted(beams.depth)];
  const sum = (value: Value, axis: number) =>
    graph.node("ReduceSum", [value, graph.int64s([axis])], {
      attributes: { keepdims: { int: 0 } },
    });
  const isSame = graph.node("Equal", [
    graph.node("Unsqueeze", [beams.nodes, graph.int64s([2])]),
    graph.node("Unsqueeze", [graph.input(names.nodes, "int32", shape), graph.int64s([1])]),
  ]);
  const rowsFromOne = graph.node("Unsqueeze", [
    graph.input(names.rows, "float", shape),
    graph.int64s([1]),
  ]);
  // One term of each sum is not 0. Floats hold it exactly, and every device can add them.
  const found = sum(graph.node("Mul", [graph.cast(isSame, "float"), rowsFromOne]), 2);
  const isMissing = graph.node("And", [
    graph.node("Equal", [graph.cast(found, "int32"), graph.int32(0)]),
    graph.node("Not", [graph.node("Equal", [beams.nodes, graph.int32(tensors.dead)])]),
  ]);
  const missing = sum(graph.cast(isMissing, "float"), 1);
  graph.output(names.missing, { value: missing, type: "float", shape: [SIZES.users] });
  const rows = graph.node("Max", [
    graph.node("Sub", [graph.cast(found, "int32"), graph.int32(1)]),
    graph.int32(0),
  ]);
  return {
    rows: flatten(graph, rows),
    complete: graph.node("Equal", [graph.cast(sum(missing, 0), "int32"), graph.int32(0)]),
  };
}

/** The drafted nodes of every depth from 1 to levels - 1, padded to the largest number of any user. */
export function packDrafted(
  trees: readonly NodeRows[],
  { levels }: { levels: number },
): { feeds: Feeds; sizes: Sizes } {
  const feeds: Feeds = {};
  const sizes: Record<string, number> = {};
  for (let depth = 1; depth < levels; depth++) {
    let first = 0;
    const byUser = trees.map(({ count, prefixes, depths }) => {
      const places = Array.from({ length: count }, (_, at) => at).filter(
        (at) => depths[at] === depth,
      );
      const drafted = places.map((at) => ({ node: prefixes[at] ?? ROOT, row: first + at + 1 }));
      first += count;
      return drafted;
    });
    const most = byUser.reduce((longest, { length }) => Math.max(longest, length), 1);
    const nodes = new Int32Array(trees.length * most).fill(-1);
    const rows = new Float32Array(trees.length * most);
    byUser.forEach((drafted, user) => {
      drafted.forEach(({ node, row }, at) => {
        nodes[user * most + at] = node;
        rows[user * most + at] = row;
      });
    });
    const names = draftedNames(depth);
    feeds[names.nodes] = int32(nodes, [trees.length, most]);
    feeds[names.rows] = float32(rows, [trees.length, most]);
    sizes[searchSizes.drafted(depth)] = most;
  }
  return { feeds, sizes };
}
