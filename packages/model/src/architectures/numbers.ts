import { cast } from "../onnx/floats.js";
import type { Value } from "../onnx/graph-builder.js";
import type { GraphContext } from "./graph-context.js";

/*
 * Products that are added up outside of a matrix product are added up in float32, whatever numbers the
 * model computes in: matrix products do so by themselves.
 */

/** A value in the model's numbers, in float32. */
export function toFloat({ graph, numbers }: GraphContext, value: Value): Value {
  return cast(graph, value, { from: numbers, to: "float" });
}

/** And back. */
export function fromFloat({ graph, numbers }: GraphContext, value: Value): Value {
  return cast(graph, value, { from: "float", to: numbers });
}

/** An input of float32 in the model's numbers, for all layers. */
export function inNumbers(context: GraphContext, input: Value): Value {
  return context.graph.once(`${input} in numbers`, () => fromFloat(context, input));
}
