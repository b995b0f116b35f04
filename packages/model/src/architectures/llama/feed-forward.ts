import { MICROSOFT, type Value } from "../../onnx/graph-builder.js";
import { linear, rows } from "../../onnx/linear.js";
import type { LlamaContext } from "./context.js";

/** SwiGLU: down(silu(gate(x)) · up(x)). */
export function feedForward(context: LlamaContext, options: { name: string; input: Value }): Value {
  const { graph, config, weights } = context;
  const { hiddenSize, intermediateSize, biases } = config;
  const input = rows(graph, options.input);
  const widen = (part: string) =>
    linear(graph, weights, {
      layer: {
        name: `${options.name}.${part}`,
        inputs: hiddenSize,
        outputs: intermediateSize,
        bias: biases.mlp,
      },
      input,
    });
  // x · sigmoid(αx) with α = 1 is SiLU, in one pass.
  const gate = graph.node("QuickGelu", [widen("gate_proj")], {
    domain: MICROSOFT,
    attributes: { alpha: { float: 1 } },
  });
  return linear(graph, weights, {
    layer: {
      name: `${options.name}.down_proj`,
      inputs: intermediateSize,
      outputs: hiddenSize,
      bias: biases.mlp,
    },
    input: rows(graph, graph.node("Mul", [gate, widen("up_proj")])),
  });
}
