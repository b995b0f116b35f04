import type { LlamaShape } from "./llama-shape.js";
import type { CheckpointOptions, ModelShape } from "./write-checkpoint.js";

/** Options of `writeCheckpoint`, except directory and seed. */
export interface CheckpointKind<Shape extends ModelShape = ModelShape> {
  readonly config?: Shape;
  readonly options?: CheckpointOptions;
}

const RESCALED = { rope_theta: 10_000, factor: 4, original_max_position_embeddings: 128 };

/**
 * Tiny checkpoints of every kind that a reader of LLaMA-family models must support:
 * architectures, head layouts, biases, rotary embeddings and file formats.
 */
export const LLAMA_KINDS: Readonly<Record<string, CheckpointKind<Partial<LlamaShape>>>> = {
  llama: {},
  "llama-grouped-heads": { config: { width: 48, heads: 6, keyValueHeads: 2, headSize: 24 } },
  "llama-biases": { config: { attentionBias: true, mlpBias: true } },
  "llama-tied": { config: { tiedHead: true } },
  mistral: { config: { modelType: "mistral", keyValueHeads: 1 } },
  qwen2: { config: { modelType: "qwen2", keyValueHeads: 2, headSize: 16 } },
  qwen3: { config: { modelType: "qwen3", keyValueHeads: 2, headSize: 16, tiedHead: true } },
  "rope-linear": { config: { rope: { rope_type: "linear", rope_theta: 10_000, factor: 4 } } },
  "rope-dynamic": { config: { rope: { rope_type: "dynamic", rope_theta: 10_000, factor: 4 } } },
  "rope-llama3": {
    config: {
      headSize: 16,
      rope: { rope_type: "llama3", ...RESCALED, low_freq_factor: 1, high_freq_factor: 4 },
    },
  },
  "rope-yarn": { config: { headSize: 16, rope: { rope_type: "yarn", ...RESCALED } } },
  "rope-yarn-scaled": {
    config: {
      headSize: 32,
      rope: {
        rope_type: "yarn",
        ...RESCALED,
        truncate: false,
        beta_fast: 16,
        beta_slow: 2,
        mscale: 0.7,
        mscale_all_dim: 1,
      },
    },
  },
  // Checkpoints from before `rope_parameters`.
  "rope-scaling-field": {
    config: { headSize: 16 },
    options: {
      configFields: {
        rope_parameters: undefined,
        rope_theta: 5_000,
        rope_scaling: { type: "linear", factor: 2 },
      },
    },
  },
  "format-f16": { options: { format: "F16" } },
  "format-bf16": { options: { format: "BF16" } },
  "three-files": { options: { shards: 3 } },
};

/** The same for T5: of both versions, with sizes and files as public checkpoints have them. */
export const T5_KINDS: Readonly<Record<string, CheckpointKind>> = {
  t5: { config: { modelType: "t5" } },
  "t5-v1.1": { config: { modelType: "t5", feedForward: "gated-gelu", tiedHead: false } },
  "t5-gated-silu": { config: { modelType: "t5", feedForward: "gated-silu" } },
  // TIGER: six heads of 64 in a stream of 128.
  "t5-wide-heads": { config: { modelType: "t5", heads: 6, headSize: 16, intermediate: 80 } },
  "t5-deep-encoder": { config: { modelType: "t5", encoderLayers: 3, decoderLayers: 1 } },
  "t5-deep-decoder": { config: { modelType: "t5", encoderLayers: 1, decoderLayers: 3 } },
  "t5-few-buckets": { config: { modelType: "t5", buckets: 8, maxDistance: 20 } },
  "t5-tied-unscaled": { config: { modelType: "t5", scaledOutput: false } },
  "t5-own-head-scaled": { config: { modelType: "t5", tiedHead: false, scaledOutput: true } },
  "t5-start-token": { config: { modelType: "t5", startToken: 3, normEpsilon: 1e-3 } },
  "t5-copied-embeddings": { config: { modelType: "t5", embeddingCopies: true } },
  "t5-bf16-three-files": {
    config: { modelType: "t5" },
    options: { format: "BF16", shards: 3 },
  },
};
