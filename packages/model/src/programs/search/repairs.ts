import type { Architecture } from "../../architectures/architecture.js";
import { linePlaces } from "../../architectures/attention/line-sums.js";
import type { NodeInputs } from "../../architectures/inputs.js";
import { type Feeds, int32, type Sizes } from "../../onnx/feeds.js";
import type { GraphBuilder, Value } from "../../onnx/graph-builder.js";
import type { NextNodes } from "./levels.js";
import { numbers } from "./pack-search.js";
import type { SearchContext } from "./search-context.js";
import { searchSizes } from "./sizes.js";

/** Names of the inputs of one depth, by which its beams are laid out as the nodes of trees are. */
const repairNames = (depth: number) => ({
  slots: `slots_${depth}`,
  places: `places_${depth}`,
  /** Row of each beam after the rows of earlier depths. int32 [B × K, 1]. */
  ownRows: `own_rows_${depth}`,
  /** The first of these rows. int32 [1]. */
  firstRow: `first_row_${depth}`,
});

/**
 * The beams of a depth as nodes of trees. They are computed as drafted nodes are, operator by operator, so
 * that no bit tells whether a beam was drafted.
 */
export function repairNodes(
  { graph, onDevice, maxAncestors, architecture }: SearchContext,
  { next, promptBias }: { next: NextNodes; promptBias: Value },
): NodeInputs {
  const { depth } = next.beams;
  const { firstAncestor } = architecture;
  const names = repairNames(depth);
  const rows = `rows_${depth}`;
  const columns = next.ancestors.map((ancestors, at) =>
    graph.node("Unsqueeze", [
      graph.node("Add", [ancestors, firstRow(graph, firstAncestor + at)]),
      graph.int64s([1]),
    ]),
  );
  const own = graph.input(names.ownRows, "int32", [rows, 1]);
  const seen = columns.length + 1;
  const count = onDevice ? maxAncestors : linePlaces(seen, { max: maxAncestors });
  const bias = Float32Array.from({ length: count }, (_, at) =>
    at < seen ? 0 : Number.NEGATIVE_INFINITY,
  );
  const line = [...columns, ...Array.from({ length: count - columns.length }, () => own)];
  return {
    tokens: next.tokens,
    positions: next.positions,
    slots: graph.input(names.slots, "int32", [`slots_${depth}`]),
    places: graph.input(names.places, "int32", [rows]),
    ancestors: graph.node("Concat", line, { attributes: { axis: { int: 1 } } }),
    ancestorBias: graph.floats(`line_bias_${depth}`, bias, [1, count, 1]),
    counts: {
      slots: searchSizes.slots(depth),
      ancestors: count,
      ancestorPadding: maxAncestors - count,
    },
    promptBias,
  };
}

function firstRow(graph: GraphBuilder, depth: number): Value {
  const { firstRow: name } = repairNames(depth);
  return graph.once(`input ${name}`, () => graph.input(name, "int32", [1]));
}

/** @param run.beams per user at every depth, the root's first */
export function packRepairs(
  { firstAncestor }: Pick<Architecture, "firstAncestor">,
  run: { users: number; beams: readonly number[]; levels: number },
): { feeds: Feeds; sizes: Sizes } {
  const { users, beams, levels } = run;
  const feeds: Feeds = {};
  const sizes: Record<string, number> = {};
  // Roots that are nodes come first.
  let first = 0;
  if (firstAncestor === 0) {
    feeds[repairNames(0).firstRow] = int32(Int32Array.of(0), [1]);
    first = users;
  }
  for (let depth = 1; depth < levels; depth++) {
    const count = beams[depth] ?? 1;
    const rows = users * count;
    // As for trees: a single row would be multiplied by another kernel.
    const perUser = Math.max(2, count);
    const slots = Int32Array.from({ length: users * perUser }, (_, slot) => {
      const user = Math.floor(slot / perUser);
      return user * count + Math.min(slot % perUser, count - 1);
    });
    const places = Int32Array.from({ length: rows }, (_, row) => {
      return Math.floor(row / count) * perUser + (row % count);
    });
    const names = repairNames(depth);
    feeds[names.slots] = int32(slots, [slots.length]);
    feeds[names.places] = int32(places, [rows]);
    feeds[names.ownRows] = int32(
      numbers(rows, 1).map((row) => first + row),
      [rows, 1],
    );
    // The deepest nodes are no ancestors.
    if (depth < levels - 1) feeds[names.firstRow] = int32(Int32Array.of(first), [1]);
    sizes[searchSizes.slots(depth)] = perUser;
    first += rows;
  }
  return { feeds, sizes };
}
