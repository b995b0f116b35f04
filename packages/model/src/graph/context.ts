import type { ModelConfig } from "../checkpoint/model-config.js";
import type { GraphBuilder, Value } from "../onnx/graph-builder.js";
import type { Weights } from "./weights.js";

/** What every part of a graph is built from. */
export interface GraphContext {
  readonly graph: GraphBuilder;
  readonly config: ModelConfig;
  readonly weights: Weights;
  /** Rotation tables, shape of each [positions, head size / 2]. */
  readonly cosines: Value;
  readonly sines: Value;
  /** Nodes that the deepest node sees of its own tree: itself and its ancestors, levels - 1. */
  readonly maxAncestors: number;
}

/** RMS norm over the last axis. */
export function rmsNorm(
  context: GraphContext,
  value: Value,
  weight: { name: string; size: number },
) {
  const { graph, config, weights } = context;
  return graph.node(
    "SimplifiedLayerNormalization",
    [value, weights.use(graph, weight.name, [weight.size])],
    { attributes: { axis: { int: -1 }, epsilon: { float: config.normEpsilon } } },
  );
}
