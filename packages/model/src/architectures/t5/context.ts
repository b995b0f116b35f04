import type { Value } from "../../onnx/graph-builder.js";
import { linear, type Rows } from "../../onnx/linear.js";
import type { GraphContext } from "../graph-context.js";
import { fromFloat, toFloat } from "../numbers.js";
import type { T5Config } from "./config.js";

/** What the parts of a T5 graph are built from. */
export interface T5Context extends GraphContext {
  readonly config: T5Config;
}

/** The embeddings, of both stacks; and the output layer if the head is tied. */
export const EMBEDDINGS = "shared.weight";

/** The residual stream's beginning. float [rows, hidden size] */
export function embed(context: T5Context, tokens: Value): Value {
  const { graph, config, weights } = context;
  const table = weights.use(graph, EMBEDDINGS, [config.vocabularySize, config.hiddenSize]);
  return toFloat(context, graph.node("Gather", [table, tokens]));
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

/** Queries, keys or values of rows, for all heads. Shape [rows, heads × head size]. */
export function toAllHeads(
  { graph, weights, config }: T5Context,
  { name, input }: { name: string; input: Rows },
): Value {
  const outputs = config.heads * config.headSize;
  const layer = { name, inputs: config.hiddenSize, outputs, bias: false };
  return linear(graph, weights, { layer, input });
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
