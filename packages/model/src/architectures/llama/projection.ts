import { MICROSOFT, type Value } from "../../onnx/graph-builder.js";
import { type ProjectedFrom, projectRows } from "../vocabulary-table.js";
import { type LlamaContext, rmsNorm } from "./context.js";

/** A layer under construction. */
export interface LayerPlace {
  readonly context: LlamaContext;
  readonly index: number;
}

/** Rows between two layers: the residual stream, and the same rows as the next layer reads them. */
export interface Stream {
  readonly residual: Value;
  readonly normed: Value;
  /** Tokens of the rows if `normed` has the vocabulary's rows, to be picked after the projections. */
  readonly tokens: Value | undefined;
}

/** Rows that queries, keys and values are projected from. */
export interface ProjectedRows extends ProjectedFrom {
  readonly positions: Value;
}

/** Queries, keys or values of a layer's rows; queries and keys are rotated. Shape [rows, heads × head size]. */
export function project(
  { context, index }: LayerPlace,
  part: "q" | "k" | "v",
  from: ProjectedRows,
): Value {
  const { graph, config } = context;
  const heads = part === "q" ? config.heads : config.keyValueHeads;
  const name = `model.layers.${index}.self_attn`;
  const projected = projectRows(context, {
    layer: {
      name: `${name}.${part}_proj`,
      inputs: config.hiddenSize,
      outputs: heads * config.headSize,
      bias: config.biases.qkv,
    },
    from,
  });
  if (part === "v") return projected;
  if (!config.queryKeyNorm)
    return rotate(context, { value: projected, heads, positions: from.positions });
  const byHead = graph.node("Reshape", [projected, graph.int64s([-1, config.headSize])]);
  const normed = rmsNorm(context, byHead, {
    name: `${name}.${part}_norm.weight`,
    size: config.headSize,
  });
  return rotate(context, { value: normed, heads, positions: from.positions });
}

/** Attention's result for the rows that the next layer reads, and what the layer remembers. */
export interface Attended<Memory> {
  /** Shape [rows, heads × head size]. */
  readonly output: Value;
  /** The residual stream of the same rows. */
  readonly residual: Value;
  readonly memory: Memory;
}

/** Rotates queries or keys by their positions. Shape [rows, heads × head size], as the result's. */
function rotate(
  context: LlamaContext,
  options: { value: Value; heads: number; positions: Value },
): Value {
  const { graph, config } = context;
  const width = options.heads * config.headSize;
  // Every row is a sequence of its own: a sequence may not be longer than the tables.
  const sequences = graph.node("Reshape", [options.value, graph.int64s([-1, 1, width])]);
  const rotated = graph.node(
    "RotaryEmbedding",
    [sequences, options.positions, context.cosines, context.sines],
    { domain: MICROSOFT, attributes: { num_heads: { int: options.heads } } },
  );
  return graph.node("Reshape", [rotated, graph.int64s([-1, width])]);
}
