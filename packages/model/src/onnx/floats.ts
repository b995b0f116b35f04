import type { GraphBuilder, Value } from "./graph-builder.js";
import { DataType } from "./proto.js";

/** Types of floating-point numbers that a model can compute in. */
export type FloatType = "float" | "float16" | "bfloat16";

/** A value as numbers of another type. Does nothing if that is their type. */
export function cast(
  graph: GraphBuilder,
  value: Value,
  types: { from: FloatType | "bool" | "int32" | "int64" | "double"; to: keyof typeof DataType },
): Value {
  if (types.from === types.to) return value;
  return graph.node("Cast", [value], { attributes: { to: { int: DataType[types.to] } } });
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
