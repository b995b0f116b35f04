import type { Value } from "../../onnx/graph-builder.js";
import { linear, type Rows, rows } from "../../onnx/linear.js";
import type { GraphContext } from "../graph-context.js";
import { fromFloat, toFloat } from "../numbers.js";
import { fitsTable, type ProjectedFrom, projectRows } from "../vocabulary-table.js";
import type { T5Config } from "./config.js";

/** What the parts of a T5 graph are built from. */
export interface T5Context extends GraphContext {
  readonly config: T5Config;
}

/** The embeddings, of both stacks; and the output layer if the head is tied. */
export const EMBEDDINGS = "shared.weight";

function embeddings({ graph, config, weights }: T5Context): Value {
  return weights.use(graph, EMBEDDINGS, [config.vocabularySize, config.hiddenSize]);
}

/** The residual stream's beginning. float [rows, hidden size] */
export function embed(context: T5Context, tokens: Value): Value {
  return toFloat(context, context.graph.node("Gather", [embeddings(context), tokens]));
}

/**
 * RMS norm over the last axis.
 *
 * @param residual float, whatever numbers the model computes in: the sums of T5's layers exceed those of 16 bits
 * @returns in the model's numbers
 */
export function rmsNorm(context: T5Context, residual: Value, name: string): Value {
  const { graph, config, weights } = context;
  const weight = toFloat(context, weights.use(graph, name, [config.hiddenSize]));
  const normed = graph.node("SimplifiedLayerNormalization", [residual, weight], {
    attributes: { axis: { int: -1 }, epsilon: { float: config.normEpsilon } },
  });
  return fromFloat(context, normed);
}

/**
 * Rows of the residual stream as a sublayer reads them.
 *
 * @param options.norm name of its norm
 * @param options.tokens of the rows, if they are the embeddings: a stack's first layer
 */
export function normedRows(
  context: T5Context,
  options: { norm: string; residual: Value; tokens?: Value | undefined },
): ProjectedFrom {
  const { graph, config } = context;
  const { norm, residual, tokens } = options;
  const fits = fitsTable(context, {
    vocabularySize: config.vocabularySize,
    width: 3 * config.heads * config.headSize,
    weight: "decoder.block.0.layer.0.SelfAttention.q.weight",
  });
  if (tokens === undefined || !fits) {
    return { input: rows(graph, rmsNorm(context, residual, norm)), tokens: undefined };
  }
  const table = graph.once(`normed embeddings ${norm}`, () =>
    rmsNorm(context, embeddings(context), norm),
  );
  return { input: rows(graph, table), tokens };
}

/** Queries, keys or values of rows, for all heads. Shape [rows, heads × head size]. */
export function toAllHeads(
  context: T5Context,
  { name, from }: { name: string; from: ProjectedFrom },
): Value {
  const { heads, headSize, hiddenSize } = context.config;
  const layer = { name, inputs: hiddenSize, outputs: heads * headSize, bias: false };
  return projectRows(context, { layer, from });
}

/** What an attention's heads found, projected and added to the residual stream. float [rows, hidden size]. */
export function addAttended(
  context: T5Context,
  of: { name: string; attended: Rows; residual: Value },
): Value {
  const { graph, weights, config } = context;
  const inputs = config.heads * config.headSize;
  const layer = { name: `${of.name}.o`, inputs, outputs: config.hiddenSize, bias: false };
  const update = linear(graph, weights, { layer, input: of.attended });
  return graph.node("Add", [toFloat(context, update), of.residual]);
}
