import type { GraphBuilder, Value } from "./graph-builder.js";
import { integerProduct } from "./integer-product.js";
import type { Weights } from "./weights.js";

/** Rows of activations, shape [rows, width], quantised once for all layers that read them. */
export interface Rows {
  readonly value: Value;
  /** The rows as unsigned bytes around 128, and each row's step. */
  readonly quantized: () => { readonly bytes: Value; readonly steps: Value };
}

/** Minimum step of a quantised row: a row of zeros must not divide by zero. */
const MIN_STEP = 1e-30;

export function rows(graph: GraphBuilder, value: Value): Rows {
  let quantized: { bytes: Value; steps: Value } | undefined;
  return {
    value,
    quantized: () => {
      quantized ??= quantizeRows(graph, value);
      return quantized;
    },
  };
}

/**
 * Symmetric int8 with a step per row (absolute maximum / 127), so that a row does not depend on the
 * rows beside it. Bytes are unsigned with zero at 128, because the processors' dot products want one
 * unsigned side.
 */
function quantizeRows(graph: GraphBuilder, value: Value): { bytes: Value; steps: Value } {
  const largest = graph.node("ReduceMax", [graph.node("Abs", [value]), graph.int64s([1])], {
    attributes: { keepdims: { int: 0 } },
  });
  const steps = graph.node("Max", [
    graph.node("Mul", [largest, graph.scalar("1/127", 1 / 127)]),
    graph.scalar("smallest_step", MIN_STEP),
  ]);
  const zero = graph.tensor("zero_128", {
    type: "uint8",
    dims: [1],
    data: { raw: Uint8Array.of(128) },
  });
  const zeros = graph.node("Expand", [zero, graph.node("Shape", [steps])]);
  const bytes = graph.node("QuantizeLinear", [value, steps, zeros], {
    attributes: { axis: { int: 0 } },
  });
  return { bytes, steps: graph.node("Unsqueeze", [steps, graph.int64s([1])]) };
}

export interface LinearLayer {
  /** Name of the layer; its tensors are `<name>.weight` and, with a bias, `<name>.bias`. */
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly bias: boolean;
}

/** Name of the steps of a weight that was quantised per column. */
export const stepsName = (weight: string) => `${weight}.steps`;

/** x · Wᵀ + b. Shape [rows, inputs] -> [rows, outputs]. */
export function linear(
  graph: GraphBuilder,
  weights: Weights,
  options: { layer: LinearLayer; input: Rows },
): Value {
  const { layer, input } = options;
  const weight = `${layer.name}.weight`;
  const bias = layer.bias ? weights.use(graph, `${layer.name}.bias`, [layer.outputs]) : undefined;
  if (!weights.has(stepsName(weight))) {
    const matrix = weights.use(graph, weight, [layer.outputs, layer.inputs]);
    return graph.node("Gemm", bias ? [input.value, matrix, bias] : [input.value, matrix], {
      attributes: { transB: { int: 1 } },
    });
  }
  const { bytes, steps } = input.quantized();
  const product = integerProduct(graph, {
    rows: bytes,
    matrix: weights.use(graph, weight, [layer.inputs, layer.outputs]),
    steps: weights.use(graph, stepsName(weight), [layer.outputs]),
    byteWeights: weights.byteWeights,
  });
  const scaled = graph.node("Mul", [product, steps]);
  return bias ? graph.node("Add", [scaled, bias]) : scaled;
}
