import { z } from "zod";
import { checkJson } from "../../checkpoint/read-json.js";
import { ModelError } from "../../errors.js";
import { type Rope, readRope, ropeFields } from "./rope.js";

/** Values of `model_type`: architectures that differ from LLaMA's in biases and norms alone. */
export const MODEL_TYPES: readonly string[] = ["llama", "mistral", "qwen2", "qwen3"];

/** The shape of a LLaMA-family decoder, as its `config.json` gives it. */
export interface LlamaConfig {
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  /** Heads of keys and values; each serves `heads / keyValueHeads` query heads. */
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly normEpsilon: number;
  /** Positions that the model was made for: prompt and codes share them. */
  readonly maxPositions: number;
  readonly rope: Rope;
  readonly tiedHead: boolean;
  readonly biases: { readonly qkv: boolean; readonly output: boolean; readonly mlp: boolean };
  /** RMS norm over each head's queries and keys before the rotation (Qwen3). */
  readonly queryKeyNorm: boolean;
}

const schema = z.looseObject({
  model_type: z.string(),
  vocab_size: z.int().positive(),
  hidden_size: z.int().positive(),
  intermediate_size: z.int().positive(),
  num_hidden_layers: z.int().positive(),
  num_attention_heads: z.int().positive(),
  num_key_value_heads: z.int().positive().nullish(),
  head_dim: z.int().positive().nullish(),
  hidden_act: z.string().default("silu"),
  max_position_embeddings: z.int().positive().default(2048),
  rms_norm_eps: z.number().positive().default(1e-6),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  use_sliding_window: z.boolean().nullish(),
  sliding_window: z.int().positive().nullish(),
  partial_rotary_factor: z.number().nullish(),
  quantization_config: z.unknown().optional(),
  ...ropeFields,
});
type RawConfig = z.output<typeof schema>;

/**
 * Reads a LLaMA-family `config.json`.
 *
 * @param path of the file, for errors
 * @throws ModelError BAD_CHECKPOINT; UNSUPPORTED, naming the field that is in the way
 */
export function readLlamaConfig(json: object, path: string): LlamaConfig {
  const raw = checkJson(json, {
    path,
    schema,
    code: "BAD_CHECKPOINT",
    remedy: "a checkpoint is a directory as `save_pretrained` of Hugging Face writes it",
  });
  refuseUnsupported(raw, path);
  const headSize = raw.head_dim ?? raw.hidden_size / raw.num_attention_heads;
  const keyValueHeads = raw.num_key_value_heads ?? raw.num_attention_heads;
  const bad = (message: string) => new ModelError("BAD_CHECKPOINT", `${path}: ${message}`);
  if (!Number.isInteger(headSize))
    throw bad("hidden_size is not a multiple of num_attention_heads");
  if (raw.num_attention_heads % keyValueHeads !== 0) {
    throw bad("num_attention_heads is not a multiple of num_key_value_heads");
  }
  if (headSize % 8 !== 0) {
    throw new ModelError("UNSUPPORTED", `${path}: head_dim ${headSize} is not a multiple of 8`);
  }
  return {
    vocabularySize: raw.vocab_size,
    hiddenSize: raw.hidden_size,
    intermediateSize: raw.intermediate_size,
    layers: raw.num_hidden_layers,
    heads: raw.num_attention_heads,
    keyValueHeads,
    headSize,
    normEpsilon: raw.rms_norm_eps,
    maxPositions: raw.max_position_embeddings,
    rope: readRope(raw, path),
    tiedHead: raw.tie_word_embeddings,
    biases: {
      qkv: raw.model_type === "qwen2" || raw.attention_bias,
      output: raw.model_type !== "qwen2" && raw.attention_bias,
      mlp: raw.mlp_bias,
    },
    queryKeyNorm: raw.model_type === "qwen3",
  };
}

function refuseUnsupported(raw: RawConfig, path: string): void {
  const refuse = (field: string, what: string) => {
    throw new ModelError("UNSUPPORTED", `${path}: ${field} ${what}`);
  };
  if (raw.hidden_act !== "silu" && raw.hidden_act !== "swish") {
    refuse("hidden_act", `"${raw.hidden_act}" is not silu`);
  }
  if (raw.quantization_config !== undefined) {
    refuse(
      "quantization_config",
      "is set: give the checkpoint before quantisation; --precision int8 quantises it",
    );
  }
  if ((raw.partial_rotary_factor ?? 1) !== 1) refuse("partial_rotary_factor", "is not 1");
  // Mistral uses its window unless it is null; Qwen configs have a width that counts only if switched on.
  const windowed = raw.model_type === "mistral" ? true : raw.use_sliding_window === true;
  if (windowed && (raw.sliding_window ?? Number.POSITIVE_INFINITY) < raw.max_position_embeddings) {
    refuse("sliding_window", `${raw.sliding_window} is smaller than max_position_embeddings`);
  }
}
