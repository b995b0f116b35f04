import { excerpt } from "@nightbeam/catalogue";
import { z } from "zod";
import { ModelError } from "../../errors.js";
import { checkConfig, count, refuseQuantized, size, vocabularySize } from "../config-fields.js";
import type { Rope } from "./rope.js";
import { readRope, ropeFields } from "./rope-fields.js";
import { readWindow, windowFields } from "./window.js";

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
  /** Positions that prompt and codes share: those that the model was made for, or the narrowest window. */
  readonly maxPositions: number;
  /** The setting that `maxPositions` comes from, with its value. */
  readonly positionsLimit: string;
  readonly rope: Rope;
  readonly tiedHead: boolean;
  readonly biases: { readonly qkv: boolean; readonly output: boolean; readonly mlp: boolean };
  /** RMS norm over each head's queries and keys before the rotation (Qwen3). */
  readonly queryKeyNorm: boolean;
}

const schema = z.looseObject({
  model_type: z.string(),
  vocab_size: vocabularySize,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: count,
  num_attention_heads: count,
  num_key_value_heads: count.nullish(),
  head_dim: size.nullish(),
  hidden_act: z.string().default("silu"),
  max_position_embeddings: z.int().positive().optional(),
  rms_norm_eps: z.number().positive().max(1).default(1e-6),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  ...windowFields,
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
  const raw = checkConfig(json, { path, schema });
  refuseUnsupported(raw, path);
  const defaults = DEFAULTS[raw.model_type] ?? {};
  const { heads, keyValueHeads, headSize } = readHeads(raw, path);
  const max_position_embeddings = raw.max_position_embeddings ?? defaults.positions ?? 2048;
  const window = readWindow(raw, path) ?? Number.POSITIVE_INFINITY;
  return {
    vocabularySize: raw.vocab_size,
    hiddenSize: raw.hidden_size,
    intermediateSize: raw.intermediate_size,
    layers: raw.num_hidden_layers,
    heads,
    keyValueHeads,
    headSize,
    normEpsilon: raw.rms_norm_eps,
    maxPositions: Math.min(max_position_embeddings, window),
    positionsLimit:
      window < max_position_embeddings
        ? `sliding_window ${window}`
        : `max_position_embeddings ${max_position_embeddings}`,
    rope: readRope({ ...raw, max_position_embeddings }, path),
    tiedHead: raw.tie_word_embeddings,
    biases: readBiases(raw),
    queryKeyNorm: raw.model_type === "qwen3",
  };
}

/** What transformers takes for fields that a configuration does not have, if it differs from LLaMA's. */
const DEFAULTS: Readonly<
  Record<string, { positions?: number; keyValueHeads?: number; headSize?: number }>
> = {
  mistral: { positions: 131_072, keyValueHeads: 8 },
  qwen2: { positions: 32_768, keyValueHeads: 32 },
  qwen3: { positions: 32_768, keyValueHeads: 32, headSize: 128 },
};

/** A field that is null is taken from other fields, one that is missing from the defaults. */
function readHeads(raw: RawConfig, path: string) {
  const defaults = DEFAULTS[raw.model_type] ?? {};
  const heads = raw.num_attention_heads;
  const orDefault = <T>(field: T | null | undefined, value: T | undefined): T | undefined =>
    field === undefined ? value : (field ?? undefined);
  const keyValueHeads = orDefault(raw.num_key_value_heads, defaults.keyValueHeads) ?? heads;
  const headSize = orDefault(raw.head_dim, defaults.headSize) ?? raw.hidden_size / heads;
  const bad = (message: string) => new ModelError("BAD_CHECKPOINT", `${path}: ${message}`);
  if (!Number.isInteger(headSize))
    throw bad("hidden_size is not a multiple of num_attention_heads");
  if (heads % keyValueHeads !== 0) {
    throw bad(
      `num_attention_heads ${heads} is not a multiple of num_key_value_heads ${keyValueHeads}`,
    );
  }
  if (headSize % 8 !== 0) {
    throw new ModelError("UNSUPPORTED", `${path}: head_dim ${headSize} is not a multiple of 8`);
  }
  return { heads, keyValueHeads, headSize };
}

/** Only the fields that transformers reads for the type: Mistral has no biases, Qwen2 always three. */
function readBiases({ model_type, attention_bias, mlp_bias }: RawConfig): LlamaConfig["biases"] {
  const optional = (model_type === "llama" || model_type === "qwen3") && attention_bias;
  return {
    qkv: model_type === "qwen2" || optional,
    output: optional,
    mlp: model_type === "llama" && mlp_bias,
  };
}

function refuseUnsupported(raw: RawConfig, path: string): void {
  const refuse = (field: string, what: string) => {
    throw new ModelError("UNSUPPORTED", `${path}: ${field} ${what}`);
  };
  if (raw.hidden_act !== "silu" && raw.hidden_act !== "swish") {
    refuse("hidden_act", `${excerpt(raw.hidden_act)} is not silu`);
  }
  refuseQuantized(raw, { path });
}
