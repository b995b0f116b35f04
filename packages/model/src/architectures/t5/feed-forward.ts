import { MICROSOFT, type Value } from "../../onnx/graph-builder.js";
import { linear, rows, stepsName } from "../../onnx/linear.js";
import { toFloat } from "../numbers.js";
import { rmsNorm, type T5Context } from "./context.js";

/**
 * The matrix that T5 keeps in float32 where the rest has 16 bits, as transformers does: what it sums up exceeds
 * the range of fp16.
 */
export const isWide = (tensor: string) => tensor.endsWith(".DenseReluDense.wo.weight");

/**
 * A layer's feed-forward, added to the residual stream: wo(act(wi(x))), or wo(act(wi_0(x)) · wi_1(x)) if it is
 * gated. float [rows, hidden size]
 *
 * @param options.name of the sublayer: `encoder.block.0.layer.1`
 */
export function addFeedForward(
  context: T5Context,
  options: { name: string; residual: Value },
): Value {
  const { graph, config, weights } = context;
  const { name, residual } = options;
  const input = rows(graph, rmsNorm(context, residual, `${name}.layer_norm.weight`));
  const widen = (part: string) =>
    linear(graph, weights, {
      layer: {
        name: `${name}.DenseReluDense.${part}`,
        inputs: config.hiddenSize,
        outputs: config.intermediateSize,
        bias: false,
      },
      input,
    });
  const activated = activate(context, widen(config.isGated ? "wi_0" : "wi"));
  const inner = config.isGated ? graph.node("Mul", [activated, widen("wi_1")]) : activated;
  return graph.node("Add", [narrow(context, { name, inner }), residual]);
}

/** The product with `wo`, in float32. */
function narrow(context: T5Context, { name, inner }: { name: string; inner: Value }): Value {
  const { graph, config, weights } = context;
  const layer = {
    name: `${name}.DenseReluDense.wo`,
    inputs: config.intermediateSize,
    outputs: config.hiddenSize,
    bias: false,
  };
  if (weights.has(stepsName(`${layer.name}.weight`)) || context.numbers === "float") {
    return linear(graph, weights, { layer, input: rows(graph, inner) });
  }
  const stored = weights.use(graph, `${layer.name}.weight`, [layer.outputs, layer.inputs]);
  const matrix = graph.cast(stored, "float");
  return graph.node("Gemm", [toFloat(context, inner), matrix], {
    attributes: { transB: { int: 1 } },
  });
}

/** Operators of onnxruntime for activations that ONNX does not have. */
const FUSED = {
  gelu: { op: "Gelu", attributes: {} },
  "gelu-tanh": { op: "FastGelu", attributes: {} },
  // x · sigmoid(αx) with α = 1.
  silu: { op: "QuickGelu", attributes: { alpha: { float: 1 } } },
} as const;

function activate({ graph, config }: T5Context, value: Value): Value {
  if (config.activation === "relu") return graph.node("Relu", [value]);
  const { op, attributes } = FUSED[config.activation];
  return graph.node(op, [value], { domain: MICROSOFT, attributes });
}
