import type { Value } from "../../onnx/graph-builder.js";
import { linear, type Rows, rows, stepsName } from "../../onnx/linear.js";
import type { GraphContext } from "../graph-context.js";
import { fromFloat, toFloat } from "../numbers.js";
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

/** Normed rows that queries, keys and values are projected from. */
export interface NormedRows {
  readonly input: Rows;
  /** Tokens of the rows if `input` has the vocabulary's, to be picked after the projections. */
  readonly tokens: Value | undefined;
}

/**
 * Bytes that the projections of a whole vocabulary in the first layers may take, as in LLaMA's decoder: within this
 * limit onnxruntime computes them once, as it loads the graph.
 */
const MAX_TABLE_BYTES = 64 * 2 ** 20;

/**
 * Rows of the residual stream as a sublayer reads them.
 *
 * @param options.norm name of its norm
 * @param options.tokens of the rows, if they are the embeddings: a stack's first layer
 */
export function normedRows(
  context: T5Context,
  options: { norm: string; residual: Value; tokens?: Value | undefined },
): NormedRows {
  const { graph, config, weights, numbers } = context;
  const { norm, residual, tokens } = options;
  const width = 3 * config.heads * config.headSize;
  const isQuantized = weights.has(stepsName("decoder.block.0.layer.0.SelfAttention.q.weight"));
  const fits = 4 * config.vocabularySize * width <= MAX_TABLE_BYTES;
  if (tokens === undefined || isQuantized || numbers !== "float" || !fits) {
    return { input: rows(graph, rmsNorm(context, residual, norm)), tokens: undefined };
  }
  const table = graph.once(`normed embeddings ${norm}`, () =>
    rmsNorm(context, embeddings(context), norm),
  );
  return { input: rows(graph, table), tokens };
}

/** Queries, keys or values of rows, for all heads. Shape [rows, heads × head size]. */
export function toAllHeads(
  { graph, weights, config }: T5Context,
  { name, from }: { name: string; from: NormedRows },
): Value {
  const { input, tokens } = from;
  const outputs = config.heads * config.headSize;
  const layer = { name, inputs: config.hiddenSize, outputs, bias: false };
  const multiply = () => linear(graph, weights, { layer, input });
  if (tokens === undefined) return multiply();
  return graph.node("Gather", [graph.once(`table of ${name}`, multiply), tokens]);
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
