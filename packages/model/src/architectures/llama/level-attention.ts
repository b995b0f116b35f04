import { floatsOf } from "../../onnx/floats.js";
import type { Value } from "../../onnx/graph-builder.js";
import { rows } from "../../onnx/linear.js";
import type { LayerPast, NodeMemory, PromptMemory } from "../architecture.js";
import { joinLine, lineMix, lineProducts } from "../attention/line-sums.js";
import { joinScores, splitAt } from "../attention/parts.js";
import {
  attendPromptsAlone,
  promptMix,
  promptScores,
  softmax,
  transpose,
} from "../attention/user-rows.js";
import { type LevelInputs, SIZES } from "../inputs.js";
import { fromFloat } from "../numbers.js";
import type { LlamaContext } from "./context.js";
import { type Attended, type LayerPlace, project, type Stream } from "./projection.js";

/** Attention of one layer if the rows are the nodes of one depth. */
export function levelAttention(
  layer: LayerPlace & { readonly nodes: LevelInputs; readonly past: LayerPast },
  stream: Stream,
): Attended<NodeMemory> {
  const { context, nodes, past } = layer;
  const { graph } = context;
  const all = {
    input: rows(graph, stream.normed),
    tokens: stream.tokens,
    positions: nodes.positions,
  };
  const memory = { keys: project(layer, "k", all), values: project(layer, "v", all) };
  const lineOf = (part: keyof NodeMemory) => {
    const ancestors = past.nodes.map((level, depth) =>
      graph.node("Gather", [level[part], nodes.ancestors[depth] ?? ""]),
    );
    return {
      depth: ancestors.length + 1,
      ofNodes: joinLine(context, [...ancestors, memory[part]]),
    };
  };
  const keys = lineOf("keys");
  const output = attendLevel(context, {
    queries: project(layer, "q", all),
    prompts: past.prompts,
    promptBias: nodes.promptBias,
    line: { depth: keys.depth, keys: keys.ofNodes, values: lineOf("values").ofNodes },
  });
  return { output, residual: stream.residual, memory };
}

/** A node's ancestors and itself. */
interface Line {
  readonly depth: number;
  /** Shape of each [R, depth, kv heads, 1, head size]. */
  readonly keys: Value;
  readonly values: Value;
}

/**
 * Attention of nodes of one depth, as many for every user: to the prompt and to each node's own line.
 * Shape [R, heads × head size], for queries and for the result. Without a line: to the prompt alone.
 */
export function attendLevel(
  context: LlamaContext,
  options: { queries: Value; prompts: PromptMemory; promptBias: Value; line?: Line },
): Value {
  const { graph, config } = context;
  const { prompts, promptBias } = options;
  const scale = floatsOf(graph, context.numbers, {
    name: "attention_scale",
    values: Float32Array.of(config.headSize ** -0.5),
    dims: [],
  });
  const queries = graph.node("Mul", [options.queries, scale]);
  const toPrompts = { queries, prompts, promptBias };
  if (options.line === undefined) return attendPromptsAlone(context, toPrompts);
  const toPrompt = promptScores(context, toPrompts);
  const { depth, ...line } = options.line;
  const toLine = lineScores(context, { queries, keys: line.keys, depth });
  const shares = softmax(context, joinScores(context, { toPrompt, others: toLine, count: depth }));
  const [promptShares, lineShares] = splitAt(context, {
    value: shares,
    axis: -1,
    sizes: [SIZES.prompt, depth],
  });
  const fromPrompt = promptMix(context, { shares: promptShares, prompts });
  const fromLine = mixLine(context, { shares: lineShares, values: line.values, depth });
  return graph.node("Add", [fromPrompt, fromLine]);
}

/** Scores of each node's line. Shape [B, kv heads, nodes × group, depth]. */
function lineScores(
  context: LlamaContext,
  { queries, keys, depth }: { queries: Value; keys: Value; depth: number },
): Value {
  const { graph, config } = context;
  const { keyValueHeads } = config;
  const group = config.heads / keyValueHeads;
  const sums = lineProducts(context, { queries, keys });
  const nodes = graph.shape([SIZES.users, -1, depth, keyValueHeads, group]);
  const scores = fromFloat(context, sums);
  const heads = transpose(context, graph.node("Reshape", [scores, nodes]), [0, 3, 4, 1, 2]);
  return graph.node("Reshape", [heads, graph.int64s([0, 0, -1, depth])]);
}

/** Values of each node's line, weighted. Shape [R, heads × head size]. */
function mixLine(
  context: LlamaContext,
  { shares, values, depth }: { shares: Value; values: Value; depth: number },
): Value {
  const { graph, config } = context;
  const { keyValueHeads } = config;
  const group = config.heads / keyValueHeads;
  const heads = graph.node("Reshape", [shares, graph.int64s([0, 0, group, -1, depth])]);
  const weights = graph.node("Reshape", [
    transpose(context, heads, [0, 3, 4, 1, 2]),
    graph.int64s([-1, depth, keyValueHeads, group, 1]),
  ]);
  return lineMix(context, { weights, values });
}
