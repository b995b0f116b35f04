import { SIZES } from "../../architectures/inputs.js";
import type { GraphBuilder, Value } from "../../onnx/graph-builder.js";
import { expand } from "./expand.js";
import type { ExpandedBeams, GraphBeams, SearchContext } from "./search-context.js";
import { searchSizes } from "./sizes.js";

/** Names of the inputs and outputs that all programs of searches share, besides those of closed nodes. */
export const searchNames = {
  /** The root as the only beam of each user. int32 and double [B, 1]. */
  rootNodes: "root_nodes",
  rootScores: "root_scores",
  /** Position of each user's root. int64 [B, 1, 1]. */
  rootPositions: "root_positions",
  /** 0 for a prompt's token, -infinity for the padding after it. float [B, 1, 1, P]. */
  promptBias: "prompt_bias",
  /** Row of each user's first node among those of a depth. int32 [B, 1]. */
  firstRows: (depth: number) => `first_rows_${depth}`,
  /** In the order of the leaves: int32 and double [B, K]; score -infinity: there is no leaf. */
  leaves: "leaves",
  scores: "scores",
};

/** The nodes of one depth whose states a search needs next. */
export interface NextNodes {
  readonly beams: ExpandedBeams;
  /** Token of each node. int32 [B × K]. */
  readonly tokens: Value;
  /** Position of each node. int64 [B × K, 1]. */
  readonly positions: Value;
  /** For each earlier depth from `firstAncestor`, the ancestor's row among that depth's nodes. int32 [B × K] each. */
  readonly ancestors: readonly Value[];
}

/**
 * Adds a user's beam search to a graph: level by level the best children of the beams, and the states of
 * these. Adds the outputs `leaves` and `scores`.
 *
 * @param options.hidden states of the roots. Shape [B, hidden size]
 * @param options.statesOf hidden states of the next nodes. Shape [B × K, hidden size]
 */
export function searchLevels(
  context: SearchContext,
  options: { hidden: Value; statesOf: (next: NextNodes) => Value },
): void {
  const { graph, trie, tensors, architecture } = context;
  const rootPositions = graph.input(searchNames.rootPositions, "int64", [SIZES.users, 1, 1]);
  let { hidden } = options;
  let ancestors: readonly Value[] = [];
  let beams: GraphBeams = {
    depth: 0,
    nodes: graph.input(searchNames.rootNodes, "int32", [SIZES.users, 1]),
    scores: graph.input(searchNames.rootScores, "double", [SIZES.users, 1]),
  };
  for (let depth = 1; depth < trie.levels; depth++) {
    const next = expand(context, { beams, hidden });
    if (depth > architecture.firstAncestor) {
      ancestors = ancestorRows(graph, { ancestors, parents: next.parents, depth });
    }
    hidden = options.statesOf({
      beams: next,
      tokens: flatten(graph, graph.node("Gather", [tensors.tokens, next.nodes])),
      positions: levelPositions(graph, { rootPositions, depth }),
      ancestors,
    });
    beams = next;
  }
  const { nodes, scores } = expand(context, { beams, hidden });
  const shape = [SIZES.users, searchSizes.beams(trie.levels)];
  graph.output(searchNames.leaves, { value: nodes, type: "int32", shape });
  graph.output(searchNames.scores, { value: scores, type: "double", shape });
}

/** Rows of each node's ancestors, depth by depth: those of its parent, and the parent itself. */
function ancestorRows(
  graph: GraphBuilder,
  options: { ancestors: readonly Value[]; parents: Value; depth: number },
): Value[] {
  const { ancestors, parents, depth } = options;
  const firstRows = graph.input(searchNames.firstRows(depth - 1), "int32", [SIZES.users, 1]);
  const parentRows = flatten(graph, graph.node("Add", [firstRows, parents]));
  return [...ancestors.map((rows) => graph.node("Gather", [rows, parentRows])), parentRows];
}

function levelPositions(
  graph: GraphBuilder,
  { rootPositions, depth }: { rootPositions: Value; depth: number },
): Value {
  const shape = graph.shape([SIZES.users, searchSizes.beams(depth), 1]);
  const perBeam = graph.node("Expand", [rootPositions, shape]);
  const positions = graph.node("Add", [perBeam, graph.int64s([depth])]);
  return graph.node("Reshape", [positions, graph.int64s([-1, 1])]);
}

/** [B, K] as rows: [B × K]. */
export function flatten(graph: GraphBuilder, value: Value): Value {
  return graph.node("Reshape", [value, graph.int64s([-1])]);
}

/** The bias that hides padding, as an input. */
export function declarePromptBias(graph: GraphBuilder): Value {
  return graph.input(searchNames.promptBias, "float", [SIZES.users, 1, 1, SIZES.prompt]);
}
