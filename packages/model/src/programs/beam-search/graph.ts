import type { GraphContext, LevelPast } from "../../architectures/architecture.js";
import { SIZES } from "../../architectures/inputs.js";
import type { GraphBuilder, Value } from "../../onnx/graph-builder.js";
import { type ExpandedBeams, expand, type GraphBeams } from "./expand.js";
import { searchSizes } from "./sizes.js";
import { type SearchSetup, trieTensors } from "./trie-tensors.js";

/** Names of the inputs of a search besides prompts and closed nodes. */
export const searchNames = {
  tokens: "tokens",
  positions: "positions",
  lastRows: "last_rows",
  promptBias: "prompt_bias",
  /** Position of each user's root. int64 [B, 1, 1]. */
  rootPositions: "root_positions",
  /** The root as the only beam of each user. int32 and double [B, 1]. */
  rootNodes: "root_nodes",
  rootScores: "root_scores",
  /** Row of each user's first node among those of a depth. int32 [B, 1]. */
  firstRows: (depth: number) => `first_rows_${depth}`,
  leaves: "leaves",
  scores: "scores",
};

/**
 * Adds a user's whole beam search to a graph: the prompt once, then level by level the best children of
 * the beams and the next states of these. Keys and values stay on the device. Outputs, in the order of
 * the leaves: `leaves`, int32 [B, K]; `scores`, double [B, K], -infinity where there is no leaf.
 */
export function beamSearchGraph(graphContext: GraphContext, setup: SearchSetup): void {
  const programContext = { ...graphContext, ...setup };
  const context = { ...programContext, tensors: trieTensors(programContext) };
  const { graph, architecture, trie, tensors } = context;
  const promptBias = graph.input(searchNames.promptBias, "float", [
    SIZES.users,
    1,
    1,
    SIZES.prompt,
  ]);
  const prompts = architecture.promptStates(context, {
    tokens: graph.input(searchNames.tokens, "int32", ["rows"]),
    positions: graph.input(searchNames.positions, "int64", ["rows", 1]),
    lastRows: graph.input(searchNames.lastRows, "int32", [SIZES.users]),
    promptBias,
  });
  const rootPositions = graph.input(searchNames.rootPositions, "int64", [SIZES.users, 1, 1]);
  let past: readonly LevelPast[] = prompts.layers.map((layer) => ({ prompts: layer, levels: [] }));
  let ancestors: readonly Value[] = [];
  let { hidden } = prompts;
  let beams: GraphBeams = {
    depth: 0,
    nodes: graph.input(searchNames.rootNodes, "int32", [SIZES.users, 1]),
    scores: graph.input(searchNames.rootScores, "double", [SIZES.users, 1]),
  };
  for (let depth = 1; depth < trie.levels; depth++) {
    const next = expand(context, { beams, hidden });
    if (depth > 1) ancestors = ancestorRows(graph, { ancestors, parents: next.parents, depth });
    const states = architecture.levelStates(context, {
      nodes: {
        tokens: flatten(graph, graph.node("Gather", [tensors.tokens, next.nodes])),
        positions: levelPositions(graph, { rootPositions, depth }),
        ancestors,
        promptBias,
      },
      past,
    });
    past = past.map(({ prompts, levels }, layer) => {
      const own = states.layers[layer];
      return { prompts, levels: own === undefined ? levels : [...levels, own] };
    });
    hidden = states.hidden;
    beams = next;
  }
  const { nodes, scores } = expand(context, { beams, hidden });
  const shape = [SIZES.users, searchSizes.beams(trie.levels)];
  graph.output(searchNames.leaves, { value: nodes, type: "int32", shape });
  graph.output(searchNames.scores, { value: scores, type: "double", shape });
}

/** Rows of each node's ancestors, depth by depth: those of its parent, and the parent itself. int32 [R] each. */
function ancestorRows(
  graph: GraphBuilder,
  options: { ancestors: readonly Value[]; parents: ExpandedBeams["parents"]; depth: number },
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

function flatten(graph: GraphBuilder, value: Value): Value {
  return graph.node("Reshape", [value, graph.int64s([-1])]);
}
