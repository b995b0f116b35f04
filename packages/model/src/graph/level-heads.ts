import type { Scoring } from "@nightbeam/decoding";
import { MICROSOFT, type Value } from "../onnx/graph-builder.js";
import type { GraphContext } from "./context.js";
import { headWeight, type LevelTokens, levelRows, tokensOf } from "./head.js";
import { linear, rows } from "./linear.js";

/** Name of a level's output. */
export const levelName = (level: number) => `level_${level}`;

/**
 * The heads of a heads draft: log-probabilities of the codes of every level but the last, as outputs
 * `level_<level>` of shape [R, codes of the level], from the same hidden states.
 *
 * The first level is read as in any model. Before each further one stands a block of its own,
 * h + SiLU(W h + b) (Medusa, Cai et al. 2024). `full`: over the whole vocabulary; `renormalized`: over
 * the level's codes, of which alone the output layer's rows are multiplied.
 *
 * @param options.hidden states after the final norm. Shape [R, hidden size]
 */
export function levelHeads(
  context: GraphContext,
  options: { hidden: Value; scoring: Scoring; levels: readonly LevelTokens[] },
): void {
  const { graph, config, weights } = context;
  const name = headWeight(context);
  const shape = [config.vocabularySize, config.hiddenSize];
  options.levels.slice(0, -1).forEach((tokens, level) => {
    const isFull = options.scoring === "full";
    const read = level === 0 ? options.hidden : block(context, { at: level - 1, ...options });
    const matrix = isFull
      ? weights.use(graph, name, shape)
      : levelRows(context, { name, shape, tokens });
    const logits = graph.node("Gemm", [read, matrix], { attributes: { transB: { int: 1 } } });
    const all = graph.node("LogSoftmax", [logits], { attributes: { axis: { int: -1 } } });
    const value = isFull
      ? graph.node("Gather", [all, tokensOf(graph, tokens)], { attributes: { axis: { int: 1 } } })
      : all;
    graph.output(levelName(level), { value, type: "float", shape: ["nodes", tokens.length] });
  });
}

function block(context: GraphContext, options: { hidden: Value; at: number }): Value {
  const { graph, config, weights } = context;
  const { hidden, at } = options;
  const inner = linear(graph, weights, {
    layer: {
      name: `nightbeam_heads.${at}`,
      inputs: config.hiddenSize,
      outputs: config.hiddenSize,
      bias: true,
    },
    input: rows(graph, hidden),
  });
  const changed = graph.node("QuickGelu", [inner], {
    domain: MICROSOFT,
    attributes: { alpha: { float: 1 } },
  });
  return graph.node("Add", [hidden, changed]);
}
