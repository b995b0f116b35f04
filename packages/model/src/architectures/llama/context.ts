import type { Value } from "../../onnx/graph-builder.js";
import type { GraphContext } from "../graph-context.js";
import type { LlamaConfig } from "./config.js";

/** What the parts of a LLaMA graph are built from. */
export interface LlamaContext extends GraphContext {
  readonly config: LlamaConfig;
  /** Rotation tables. Shape of each [positions, head size / 2]. */
  readonly cosines: Value;
  readonly sines: Value;
}

/** RMS norm over the last axis. */
export function rmsNorm(
  context: LlamaContext,
  value: Value,
  weight: { name: string; size: number },
): Value {
  const { graph, config, weights } = context;
  return graph.node(
    "SimplifiedLayerNormalization",
    [value, weights.use(graph, weight.name, [weight.size])],
    { attributes: { axis: { int: -1 }, epsilon: { float: config.normEpsilon } } },
  );
}
