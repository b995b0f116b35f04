import type { FloatType } from "../onnx/floats.js";
import type { GraphBuilder } from "../onnx/graph-builder.js";
import type { Weights } from "../onnx/weights.js";

/** What every part of a graph is built from. */
export interface GraphContext {
  readonly graph: GraphBuilder;
  readonly weights: Weights;
  /** What states, keys and values are numbers of. */
  readonly numbers: FloatType;
  /** Whether the graph runs on a GPU, where small copies from and to the host take longer than sums. */
  readonly onDevice: boolean;
  /** Positions that the graph has to know, at least 1. */
  readonly maxPositions: number;
  /** Nodes of its own tree that the deepest node sees, itself included (`maxAncestorsOf`). */
  readonly maxAncestors: number;
}
