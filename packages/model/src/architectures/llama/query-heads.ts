import { MICROSOFT, type Size, type Value } from "../../onnx/graph-builder.js";
import type { LlamaConfig } from "./config.js";
import type { LlamaContext } from "./context.js";

/**
 * Axes of the query heads. With grouped heads a group's queries share keys: the group gets an axis
 * of its own that the keys are broadcast over.
 */
export function headAxes({ heads, keyValueHeads }: LlamaConfig): readonly number[] {
  return heads === keyValueHeads ? [heads] : [keyValueHeads, heads / keyValueHeads];
}

/** Keys or values [B, kv heads, P, head size] as products with `headAxes` want them. */
export function perGroup({ graph, config }: LlamaContext, memory: Value): Value {
  return config.heads === config.keyValueHeads
    ? memory
    : graph.node("Unsqueeze", [memory, graph.int64s([2])]);
}

/** Rows [B × n, heads × head size] -> [B, …axes, n, head size]; `shape` names [B, n]. */
export function toHeads(
  { graph, config }: LlamaContext,
  options: { value: Value; shape: readonly Size[]; axes: readonly number[] },
): Value {
  const { value, shape, axes } = options;
  const dims = graph.shape([...shape, ...axes, config.headSize]);
  const perm = axes.length === 1 ? [0, 2, 1, 3] : [0, 2, 3, 1, 4];
  return graph.node("Transpose", [graph.node("Reshape", [value, dims])], {
    attributes: { perm: { ints: perm } },
  });
}

/** And back: [B, …axes, n, head size] -> rows [B × n, heads × head size]. */
export function fromHeads(
  { graph, config }: LlamaContext,
  options: { value: Value; axes: readonly number[] },
): Value {
  const perm = options.axes.length === 1 ? [0, 2, 1, 3] : [0, 3, 1, 2, 4];
  const rows = graph.node("Transpose", [options.value], { attributes: { perm: { ints: perm } } });
  return graph.node("Reshape", [rows, graph.int64s([-1, config.heads * config.headSize])]);
}

/** Rotates queries or keys by their positions. Shape [rows, heads × head size], as the result's. */
export function rotate(
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
