import type { Size, Value } from "../../onnx/graph-builder.js";
import type { GraphContext } from "../graph-context.js";

/** Heads of an attention. */
export interface HeadShape {
  /** Of the queries. */
  readonly heads: number;
  /** Of keys and values; each serves `heads / keyValueHeads` query heads. */
  readonly keyValueHeads: number;
  readonly headSize: number;
}

/** What an attention is built from. */
export interface HeadContext extends GraphContext {
  readonly config: HeadShape;
}

/**
 * Axes of the query heads. With grouped heads a group's queries share keys: the group gets an axis
 * of its own that the keys are broadcast over.
 */
export function headAxes({ heads, keyValueHeads }: HeadShape): readonly number[] {
  return heads === keyValueHeads ? [heads] : [keyValueHeads, heads / keyValueHeads];
}

/** Keys or values [B, kv heads, P, head size] as products with `headAxes` want them. */
export function perGroup({ graph, config }: HeadContext, memory: Value): Value {
  return config.heads === config.keyValueHeads
    ? memory
    : graph.node("Unsqueeze", [memory, graph.int64s([2])]);
}

/** Rows [B × n, heads × head size] -> [B, …axes, n, head size]; `shape` names [B, n]. */
export function toHeads(
  { graph, config }: HeadContext,
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
  { graph, config }: HeadContext,
  options: { value: Value; axes: readonly number[] },
): Value {
  const perm = options.axes.length === 1 ? [0, 2, 1, 3] : [0, 3, 1, 2, 4];
  const rows = graph.node("Transpose", [options.value], { attributes: { perm: { ints: perm } } });
  return graph.node("Reshape", [rows, graph.int64s([-1, config.heads * config.headSize])]);
}
