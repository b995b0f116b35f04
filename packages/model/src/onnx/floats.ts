import type { GraphBuilder, Value } from "./graph-builder.js";

/** Types of floating-point numbers that a model can compute in. */
export type FloatType = "float" | "float16" | "bfloat16";

/** A value as numbers of another type. Does nothing if that is their type. */
export function cast(
  graph: GraphBuilder,
  value: Value,
  types: { from: FloatType; to: FloatType },
): Value {
  if (types.from === types.to) return value;
  return graph.cast(value, types.to);
}

/** A constant in numbers of a type: onnxruntime converts it as it loads the graph. */
export function floatsOf(
  graph: GraphBuilder,
  type: FloatType,
  constant: { name: string; values: Float32Array; dims: readonly number[] },
): Value {
  const { name, values, dims } = constant;
  const stored = graph.floats(name, values, dims);
  return graph.once(`${name} as ${type}`, () => cast(graph, stored, { from: "float", to: type }));
}
