import { SIZES } from "../../architectures/inputs.js";
import type { GraphBuilder, Value } from "../../onnx/graph-builder.js";
import { addLogSoftmax, logits } from "../output-layer.js";
import { beamNumbers, openChildren } from "./open-children.js";
import type { ExpandedBeams, GraphBeams, SearchContext } from "./search-context.js";
import { searchSizes } from "./sizes.js";

/**
 * Scores of prefixes that the model rules out. Above -infinity, which marks what is no child at all: a
 * search with room for them keeps them, as `BeamSearch` does.
 */
export const RULED_OUT = -1e300;

/**
 * One step of beam search: the best children of beams. Equal scores go to the smaller node, which has
 * the smaller code path.
 *
 * @param options.hidden the beams' states. Shape [B × K, hidden size]
 */
export function expand(
  context: SearchContext,
  options: { beams: GraphBeams; hidden: Value },
): ExpandedBeams {
  const { graph, tensors } = context;
  const { beams } = options;
  const children = childrenOf(context, beams);
  const scores = scoresOf(context, { ...options, children });
  const flatten = (value: Value) => graph.node("Reshape", [value, graph.int64s([0, -1])]);
  const flat = flatten(scores);
  const places = bestPlaces(context, { flat, depth: beams.depth });
  const pick = (value: Value) =>
    graph.node("GatherElements", [value, places], { attributes: { axis: { int: 1 } } });
  const best = pick(flat);
  const exists = graph.node("Greater", [best, graph.double(Number.NEGATIVE_INFINITY)]);
  const most = graph.int32(context.maxChildren[beams.depth] ?? 1);
  return {
    depth: beams.depth + 1,
    nodes: graph.node("Where", [exists, pick(flatten(children.nodes)), graph.int32(tensors.dead)]),
    scores: best,
    parents: graph.node("Div", [places, most]),
  };
}

/** Children of beams, padded to the largest number of any node of the depth. Shapes [B, K, M]. */
interface GraphChildren {
  /** int32. */
  readonly nodes: Value;
  /** bool: whether it is a child that the user may get. */
  readonly open: Value;
}

function childrenOf(context: SearchContext, beams: GraphBeams): GraphChildren {
  const { graph, tensors } = context;
  const { firstChild } = tensors;
  const most = context.maxChildren[beams.depth] ?? 1;
  const last = graph.int64s([2]);
  const start = graph.node("Gather", [firstChild, beams.nodes]);
  const end = graph.node("Gather", [firstChild, graph.node("Add", [beams.nodes, graph.int32(1)])]);
  const nodes = graph.node("Add", [
    graph.node("Unsqueeze", [start, last]),
    numbersUpTo(graph, most),
  ]);
  const exists = graph.node("Less", [nodes, graph.node("Unsqueeze", [end, last])]);
  return {
    nodes,
    open: graph.node("And", [exists, openChildren(context, beams)]),
  };
}

/** Scores of all children. double [B, K, M]; -infinity where there is none. */
function scoresOf(
  context: SearchContext,
  options: { beams: GraphBeams; hidden: Value; children: GraphChildren },
): Value {
  const { graph, scoring, tensors } = context;
  const { beams, children } = options;
  const none = graph.double(Number.NEGATIVE_INFINITY);
  const scored = logits(context, { hidden: options.hidden, level: beams.depth });
  const perBeam = graph.node("Reshape", [
    scoring === "full" ? addLogSoftmax(context, scored) : scored,
    graph.shape([SIZES.users, searchSizes.beams(beams.depth), -1]),
  ]);
  const known = graph.node("Where", [children.open, children.nodes, graph.int32(tensors.dead)]);
  const places = graph.node("Gather", [tensors.places, known]);
  const picked = graph.cast(
    graph.node("GatherElements", [perBeam, places], { attributes: { axis: { int: 2 } } }),
    "double",
  );
  const logProbs =
    scoring === "full"
      ? picked
      : addLogSoftmax(context, graph.node("Where", [children.open, picked, none]));
  const sums = graph.node("Add", [
    logProbs,
    graph.node("Unsqueeze", [beams.scores, graph.int64s([2])]),
  ]);
  // NaN must not get lost among numbers: it becomes the best score, and the reader refuses it.
  const visible = graph.node("Where", [
    graph.node("IsNaN", [sums]),
    graph.double(Number.POSITIVE_INFINITY),
    graph.node("Max", [sums, graph.double(RULED_OUT)]),
  ]);
  return graph.node("Where", [children.open, visible, none]);
}

/**
 * Places of the best scores, ascending. int32 [B, K of the next depth].
 *
 * TopK decides which scores are the best; among those that equal the last one of them, its order is not
 * the same on every device. So it is asked twice: for the lowest score that is kept, then for the
 * smallest places of better scores, and of equal ones as far as there is room.
 */
function bestPlaces(
  context: SearchContext,
  { flat, depth }: { flat: Value; depth: number },
): Value {
  const { graph } = context;
  const count = graph.shape([searchSizes.beams(depth + 1)]);
  const topK = (value: Value, largest: boolean) =>
    graph.nodes("TopK", [value, count], {
      outputs: 2,
      attributes: { axis: { int: 1 }, largest: { int: largest ? 1 : 0 } },
    });
  const [best = ""] = topK(flat, true);
  const lowest = graph.slice(best, { axis: 1, from: -1 });
  const rank = graph.node("Where", [
    graph.node("Greater", [flat, lowest]),
    graph.int32(2 ** 30),
    graph.node("Where", [
      graph.node("Equal", [flat, lowest]),
      graph.int32(2 ** 29),
      graph.int32(0),
    ]),
  ]);
  const order = graph.node("Sub", [rank, placeNumbers(context, depth)]);
  const [, chosen = ""] = topK(order, true);
  const [ascending = ""] = topK(graph.cast(chosen, "int32"), false);
  return ascending;
}

/** The numbers of all children of a user's beams. int32 [1, K × M]. */
function placeNumbers({ graph, maxChildren }: SearchContext, depth: number): Value {
  const most = maxChildren[depth] ?? 1;
  const beams = graph.node("Reshape", [beamNumbers(graph, depth), graph.int64s([-1, 1])]);
  const firsts = graph.node("Mul", [beams, graph.int32(most)]);
  const all = graph.node("Add", [firsts, numbersUpTo(graph, most)]);
  return graph.node("Reshape", [all, graph.int64s([1, -1])]);
}

/** 0, 1, 2, … int32 [count]. */
function numbersUpTo(graph: GraphBuilder, count: number): Value {
  return graph.int32s(
    `numbers_${count}`,
    Int32Array.from({ length: count }, (_, at) => at),
    [count],
  );
}
