import type { Scoring } from "@nightbeam/decoding";
import type { ModelConfig } from "../checkpoint/model-config.js";
import { ropeTables } from "../checkpoint/rope.js";
import type { StoredTensor } from "../checkpoint/safetensors.js";
import { ModelError } from "../errors.js";
import { GraphBuilder } from "../onnx/graph-builder.js";
import { head, type LevelTokens } from "./head.js";
import { levelHeads } from "./level-heads.js";
import { decoder } from "./llama.js";
import { Weights } from "./weights.js";

export interface GraphOptions {
  readonly config: ModelConfig;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly scoring: Scoring;
  readonly levels: readonly LevelTokens[];
  /** Longest prompt with a code path behind it, in tokens. */
  readonly maxPositions: number;
  /** Whether prompts come from the cache (a follow-up call) or are computed. */
  readonly cached: boolean;
}

/** Tensors that some checkpoints carry and nobody needs. */
const IGNORED = /\.rotary_emb\.inv_freq$/;

/**
 * A model as an ONNX graph, a few dozen kilobytes: the weights stay in the checkpoint's files, and
 * onnxruntime has to be told the directory.
 *
 * @throws ModelError BAD_CHECKPOINT; UNSUPPORTED where the checkpoint has tensors that the graph does not use
 */
export function buildGraph(options: GraphOptions): Uint8Array {
  const { config } = options;
  const graph = new GraphBuilder("nightbeam");
  const weights = new Weights(options.tensors);
  const positions = options.maxPositions;
  const tables = ropeTables(config.rope, { headSize: config.headSize, positions });
  const shape = [positions, config.headSize / 2];
  const context = {
    graph,
    config,
    weights,
    cosines: graph.floats("cosines", tables.cosines, shape),
    sines: graph.floats("sines", tables.sines, shape),
    maxAncestors: options.levels.length - 1,
  };
  const hidden = decoder(context, { cached: options.cached });
  const output = config.levelHeads === undefined ? head : levelHeads;
  output(context, { hidden, scoring: options.scoring, levels: options.levels });
  const unused = weights
    .unused()
    .filter((name) => !IGNORED.test(name))
    .filter((name) => !(config.tiedHead && name === "lm_head.weight"));
  if (unused.length > 0) {
    throw new ModelError(
      "UNSUPPORTED",
      `the checkpoint has tensors that its config.json does not account for: ${unused.slice(0, 3).join(", ")}`,
    );
  }
  return graph.encode();
}
