import {
  type Architecture,
  maxAncestorsOf,
  type PromptSource,
} from "../architectures/architecture.js";
import type { GraphContext } from "../architectures/graph-context.js";
import { declareNodes } from "../architectures/inputs.js";
import type { StoredTensor } from "../checkpoint/stored-tensor.js";
import { ModelError } from "../errors.js";
import type { FloatType } from "../onnx/floats.js";
import { type EncodedGraph, GraphBuilder } from "../onnx/graph-builder.js";
import type { ByteWeights } from "../onnx/integer-product.js";
import { Weights } from "../onnx/weights.js";
import { declareMemory, declareStart, exportMemory } from "./memory-values.js";
import type { Program } from "./program.js";

export interface GraphOptions {
  readonly architecture: Architecture;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** How the graph holds int8 weights. */
  readonly byteWeights: ByteWeights;
  /** Levels of the catalogue. */
  readonly levels: number;
  /** Positions that the graph has to know. */
  readonly maxPositions: number;
  /** As in `GraphContext`. */
  readonly onDevice: boolean;
  readonly numbers: FloatType;
  /** Whether the graph computes prompts: one that does not may leave out a part of the model. Default: it does. */
  readonly withPrompts?: boolean;
}

/**
 * A model and what it is run for as an ONNX graph, a few dozen kilobytes: the weights stay in the
 * checkpoint's files, whose directory onnxruntime has to know.
 *
 * @throws ModelError BAD_CHECKPOINT; UNSUPPORTED if the checkpoint has tensors that the graph does not use
 */
export function buildGraph(
  options: GraphOptions,
  build: (context: GraphContext) => void,
): EncodedGraph {
  const graph = new GraphBuilder("nightbeam");
  const weights = new Weights(options.tensors, options);
  const { architecture, maxPositions, onDevice, numbers, withPrompts = true } = options;
  const maxAncestors = maxAncestorsOf(architecture, options);
  build({ graph, weights, maxPositions, onDevice, numbers, maxAncestors });
  const unused = withPrompts ? weights.unused() : [];
  if (unused.length > 0) {
    throw new ModelError(
      "UNSUPPORTED",
      `the checkpoint has ${unused.length} tensors that a model of its config.json does not have: ${unused.slice(0, 3).join(", ")}${unused.length > 3 ? ", …" : ""}; transformers leaves them out: if that is right, load it there and save it again`,
    );
  }
  return graph.encode();
}

/**
 * The graph of a program of trees.
 *
 * @param options.cached whether prompts come from the prompt cache (a follow-up call) or are computed
 */
export function buildTreeGraph(
  options: GraphOptions & {
    readonly program: Pick<Program<never, unknown>, "build">;
    readonly cached: boolean;
    /** Whether runs may know what all prompts start with (memory-values.ts). Default: false. */
    readonly hasStart?: boolean;
  },
): EncodedGraph {
  const { architecture, program, cached, hasStart } = options;
  return buildGraph({ ...options, withPrompts: !cached }, (context) => {
    const nodes = declareNodes(context);
    const prompts: PromptSource = cached
      ? { kind: "memory", layers: declareMemory(context, architecture) }
      : { kind: "tokens", start: hasStart ? declareStart(context, architecture) : undefined };
    const states = architecture.nodeStates(context, { nodes, prompts });
    // On a GPU nothing is kept between calls, and onnxruntime-node loads no graph with outputs in bfloat16.
    if (!context.onDevice) exportMemory(context, { architecture, states, withPrompts: !cached });
    program.build(context, states);
  });
}
