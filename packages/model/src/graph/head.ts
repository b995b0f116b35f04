import type { Scoring } from "@nightbeam/decoding";
import type { GraphBuilder, Value } from "../onnx/graph-builder.js";
import type { GraphContext } from "./context.js";

/** Tokens of the codes of one level, in the order of the codes. */
export type LevelTokens = Int32Array;

/** Name of the inputs that say which nodes of a depth are wanted, and which of their codes. */
export const headNames = (depth: number) => ({
  rows: `wanted_rows_${depth}`,
  children: `wanted_children_${depth}`,
  scores: `scores_${depth}`,
});

/** Name of the weights of the output layer. */
export const headWeight = (context: GraphContext) =>
  context.config.tiedHead ? "model.embed_tokens.weight" : "lm_head.weight";

/**
 * Scores of the catalogue's children, and of nothing else, so that little leaves the model.
 *
 * `full`: one output `scores_0`, log-probabilities over the whole vocabulary, for all wanted nodes;
 * `wanted_children_0` indexes the flattened [W, vocabulary].
 * `renormalized`: one output a depth, logits; only that level's rows of the head are multiplied,
 * and `wanted_children_<depth>` indexes the flattened [W of the depth, codes of the level]. What
 * they are normalised by depends on the catalogue and is done outside.
 */
export function head(
  context: GraphContext,
  options: { hidden: Value; scoring: Scoring; levels: readonly LevelTokens[] },
): void {
  const { graph, config, weights } = context;
  const name = headWeight(context);
  const shape = [config.vocabularySize, config.hiddenSize];
  const depths = options.scoring === "full" ? 1 : options.levels.length;
  for (let depth = 0; depth < depths; depth++) {
    const names = headNames(depth);
    const wanted = graph.node("Gather", [
      options.hidden,
      graph.input(names.rows, "int32", [`wanted_${depth}`]),
    ]);
    const matrix =
      options.scoring === "full"
        ? weights.use(graph, name, shape)
        : levelRows(context, { name, shape, tokens: options.levels[depth] ?? new Int32Array() });
    const logits = graph.node("Gemm", [wanted, matrix], { attributes: { transB: { int: 1 } } });
    const scores =
      options.scoring === "full"
        ? graph.node("LogSoftmax", [logits], { attributes: { axis: { int: -1 } } })
        : logits;
    const children = graph.node("Gather", [
      graph.node("Reshape", [scores, graph.int64s([-1])]),
      graph.input(names.children, "int32", [`children_${depth}`]),
    ]);
    graph.output(names.scores, { value: children, type: "float", shape: [`children_${depth}`] });
  }
}

/** The head's rows of one level: a view where the tokens are consecutive, picked out otherwise. */
export function levelRows(
  context: GraphContext,
  options: { name: string; shape: readonly number[]; tokens: LevelTokens },
): Value {
  const { graph, weights } = context;
  const { name, shape, tokens } = options;
  const first = tokens[0] ?? 0;
  if (tokens.every((token, code) => token === first + code)) {
    return weights.rows(graph, name, { shape, first, count: tokens.length });
  }
  return graph.node("Gather", [weights.use(graph, name, shape), tokensOf(graph, tokens)]);
}

/** A level's tokens as a constant. int32 [codes] */
export function tokensOf(graph: GraphBuilder, tokens: LevelTokens): Value {
  return graph.tensor(`tokens_from_${tokens[0] ?? 0}`, {
    type: "int32",
    dims: [tokens.length],
    data: { raw: new Uint8Array(tokens.buffer, tokens.byteOffset, tokens.byteLength) },
  });
}
