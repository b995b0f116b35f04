import { BOS, type CodeTokens, EOS, PAD, vocabularySize } from "./code-tokens.js";

/** Configuration of a random LLaMA-family model; the names are those of `config.json` in camel case. */
export interface LlamaShape extends CodeTokens {
  readonly modelType: "llama" | "mistral" | "qwen2" | "qwen3";
  readonly layers: number;
  /** Size of the residual stream. */
  readonly width: number;
  readonly intermediate: number;
  readonly heads: number;
  /** Heads of keys and values; a divisor of `heads`. */
  readonly keyValueHeads: number;
  readonly headSize: number;
  /** Llama and Qwen3: biases on q, k, v and o. Qwen2 has q, k, v biases always, Mistral never. */
  readonly attentionBias: boolean;
  /** Llama only. */
  readonly mlpBias: boolean;
  readonly tiedHead: boolean;
  /** Whether it is a heads draft, with a block for each level but the first and the last. */
  readonly levelHeads: boolean;
  readonly maxPositions: number;
  readonly normEpsilon: number;
  /** `rope_parameters` as Hugging Face has them: rope_type, rope_theta, factor, … */
  readonly rope: Readonly<Record<string, unknown>>;
}

/** Default: a small Llama. */
export function completeLlama(given: Partial<LlamaShape>): LlamaShape {
  const width = given.width ?? 32;
  const heads = given.heads ?? 4;
  const shape: LlamaShape = {
    modelType: "llama",
    levels: 4,
    codesPerLevel: 16,
    layers: 2,
    width,
    intermediate: 3 * width,
    heads,
    keyValueHeads: heads,
    headSize: width / heads,
    attentionBias: false,
    mlpBias: false,
    tiedHead: false,
    levelHeads: false,
    maxPositions: 512,
    normEpsilon: 1e-6,
    rope: { rope_type: "default", rope_theta: 10_000 },
    ...given,
  };
  if (!Number.isInteger(shape.headSize) || shape.headSize % 2 !== 0) {
    throw new RangeError(`head size ${shape.headSize} is not an even number`);
  }
  if (shape.heads % shape.keyValueHeads !== 0) {
    throw new RangeError(`${shape.heads} heads cannot share ${shape.keyValueHeads} evenly`);
  }
  return shape;
}

/** Projections with a bias, the same as in the classes of `transformers`. */
export function biasesOf(shape: LlamaShape): { qkv: boolean; output: boolean; mlp: boolean } {
  const { modelType, attentionBias, mlpBias } = shape;
  const optional = (modelType === "llama" || modelType === "qwen3") && attentionBias;
  return {
    qkv: modelType === "qwen2" || optional,
    output: optional,
    mlp: modelType === "llama" && mlpBias,
  };
}

const ARCHITECTURES = {
  llama: "LlamaForCausalLM",
  mistral: "MistralForCausalLM",
  qwen2: "Qwen2ForCausalLM",
  qwen3: "Qwen3ForCausalLM",
};

/** The contents of `config.json`, without what follows from the files. */
export function llamaConfig(shape: LlamaShape): Record<string, unknown> {
  return {
    architectures: [ARCHITECTURES[shape.modelType]],
    model_type: shape.modelType,
    hidden_size: shape.width,
    intermediate_size: shape.intermediate,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.keyValueHeads,
    head_dim: shape.headSize,
    hidden_act: "silu",
    max_position_embeddings: shape.maxPositions,
    rms_norm_eps: shape.normEpsilon,
    rope_theta: shape.rope.rope_theta ?? 10_000,
    rope_parameters: shape.rope,
    vocab_size: vocabularySize(shape),
    tie_word_embeddings: shape.tiedHead,
    ...(shape.modelType === "mistral" ? { sliding_window: null } : {}),
    ...(biasesOf(shape).output ? { attention_bias: true } : {}),
    ...(biasesOf(shape).mlp ? { mlp_bias: true } : {}),
    ...(shape.levelHeads ? { nightbeam_heads: shape.levels - 2 } : {}),
    bos_token_id: BOS,
    eos_token_id: EOS,
    pad_token_id: PAD,
  };
}
