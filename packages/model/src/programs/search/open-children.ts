import { SIZES } from "../../architectures/inputs.js";
import type { GraphBuilder, Value } from "../../onnx/graph-builder.js";
import type { GraphBeams, SearchContext } from "./search-context.js";
import { searchSizes } from "./sizes.js";

/** Names of the inputs of one depth. */
export const closedNames = (depth: number) => ({
  /** The parent of each closed node; -1: there is none. int32 [B, X]. */
  parents: `closed_parents_${depth}`,
  /** Its place among its parent's children, less the largest number of children, plus 1. int32 [B, X]. */
  places: `closed_places_${depth}`,
  /** 0, 1, 2, … int32 [K]. */
  beams: `beam_numbers_${depth}`,
});

/** The numbers of a user's beams, as an input. int32 [K]. */
export function beamNumbers(graph: GraphBuilder, depth: number): Value {
  return graph.once(`numbers of beams ${depth}`, () =>
    graph.input(closedNames(depth).beams, "int32", [searchSizes.beams(depth)]),
  );
}

/**
 * Whether each place among the beams' children is open, which it is unless it is that of a node that is
 * closed for the user. bool [B, K, M].
 *
 * Users close few nodes, so their places are marked, rather than comparing each child with each of them.
 */
export function openChildren(context: SearchContext, beams: GraphBeams): Value {
  const { graph, maxChildren } = context;
  const { depth } = beams;
  const most = maxChildren[depth] ?? 1;
  const shape = [SIZES.users, searchSizes.closed(depth)];
  const names = closedNames(depth);
  const parents = graph.input(names.parents, "int32", shape);
  const places = graph.input(names.places, "int32", shape);
  const beamOf = beamsOf(context, { beams, parents });
  const isBeam = graph.node("Greater", [beamOf, graph.int32(0)]);
  // Beams and places count from 1 here: 0 is for closed nodes of other parents than the beams.
  const place = graph.node("Where", [
    isBeam,
    graph.node("Add", [graph.node("Mul", [beamOf, graph.int32(most)]), places]),
    graph.int32(0),
  ]);
  const filled = (value: number, sizes: readonly string[]) =>
    graph.node("Expand", [graph.int32(value), graph.shape(sizes)]);
  const marks = graph.node(
    "ScatterElements",
    [filled(0, [SIZES.users, searchSizes.marks(depth)]), place, filled(1, shape)],
    { attributes: { axis: { int: 1 } } },
  );
  const ofChildren = graph.slice(marks, { axis: 1, from: 1 });
  return graph.node("Equal", [
    graph.node("Reshape", [ofChildren, graph.shape([SIZES.users, -1, most])]),
    graph.int32(0),
  ]);
}

/** The number, from 1, of the beam that is the parent of each closed node; 0: none is. int32 [B, X]. */
function beamsOf(
  { graph }: SearchContext,
  { beams, parents }: { beams: GraphBeams; parents: Value },
): Value {
  const isParent = graph.node("Equal", [
    graph.node("Unsqueeze", [parents, graph.int64s([2])]),
    graph.node("Unsqueeze", [beams.nodes, graph.int64s([1])]),
  ]);
  const fromOne = graph.node("Add", [beamNumbers(graph, beams.depth), graph.int32(1)]);
  // One term of each sum is not 0. Floats hold it exactly, and every device can add them.
  const sums = graph.node(
    "ReduceSum",
    [
      graph.node("Mul", [graph.cast(isParent, "float"), graph.cast(fromOne, "float")]),
      graph.int64s([2]),
    ],
    { attributes: { keepdims: { int: 0 } } },
  );
  return graph.cast(sums, "int32");
}
