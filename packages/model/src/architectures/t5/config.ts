import { excerpt } from "@nightbeam/catalogue";
import { z } from "zod";
import { ModelError } from "../../errors.js";
import type { HeadShape } from "../attention/heads.js";
import { checkConfig, count, refuseQuantized, size, vocabularySize } from "../config-fields.js";

/** The shape of an encoder-decoder of the T5 family, as its `config.json` gives it. */
export interface T5Config extends HeadShape {
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly encoderLayers: number;
  readonly decoderLayers: number;
  readonly normEpsilon: number;
  readonly relativePositions: RelativePositions;
  readonly activation: Activation;
  /** Whether a second projection multiplies what the activation returns (T5 v1.1). */
  readonly isGated: boolean;
  /** Whether hidden states are multiplied by `hiddenSize ** -0.5` before the output layer. */
  readonly scalesOutput: boolean;
  /** Whether the embeddings are the output layer. */
  readonly tiedHead: boolean;
  /** The token that every answer begins after. */
  readonly startToken: number;
}

/** How distances of tokens become rows of a table of biases: near ones one by one, far ones by their logarithm. */
export interface RelativePositions {
  readonly buckets: number;
  /** Distances from here on share a bucket. */
  readonly maxDistance: number;
}

export type Activation = "relu" | "gelu" | "gelu-tanh" | "silu";

/** Names that transformers has for activations. */
const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  relu: "relu",
  gelu: "gelu",
  gelu_new: "gelu-tanh",
  gelu_pytorch_tanh: "gelu-tanh",
  silu: "silu",
  swish: "silu",
};

const tokenId = z.int().nonnegative();

const schema = z.looseObject({
  vocab_size: vocabularySize.default(32_128),
  d_model: size.default(512),
  d_kv: size.default(64),
  d_ff: size.default(2048),
  num_layers: count.default(6),
  num_decoder_layers: count.nullish(),
  num_heads: count.default(8),
  relative_attention_num_buckets: z
    .int()
    .min(4)
    .max(2 ** 16)
    .default(32),
  relative_attention_max_distance: size.default(128),
  layer_norm_epsilon: z.number().positive().max(1).default(1e-6),
  feed_forward_proj: z.string().default("relu"),
  tie_word_embeddings: z.boolean().nullish(),
  scale_decoder_outputs: z.boolean().nullish(),
  pad_token_id: tokenId.nullish(),
  decoder_start_token_id: tokenId.nullish(),
  is_encoder_decoder: z.boolean().nullish(),
});
type RawConfig = z.output<typeof schema>;

/**
 * Reads a `config.json` of the T5 family.
 *
 * @param path of the file, for errors
 * @throws ModelError BAD_CHECKPOINT; UNSUPPORTED, naming the field that is in the way
 */
export function readT5Config(json: object, path: string): T5Config {
  const raw = checkConfig(json, { path, schema });
  refuseQuantized(raw, { path });
  if (raw.is_encoder_decoder === false) {
    throw new ModelError(
      "UNSUPPORTED",
      `${path}: is_encoder_decoder is false: an encoder alone recommends nothing`,
    );
  }
  const buckets = raw.relative_attention_num_buckets;
  const maxDistance = raw.relative_attention_max_distance;
  if (maxDistance <= buckets / 2) {
    throw new ModelError(
      "BAD_CHECKPOINT",
      `${path}: relative_attention_max_distance ${maxDistance} is not above half of relative_attention_num_buckets ${buckets}`,
    );
  }
  return {
    vocabularySize: raw.vocab_size,
    hiddenSize: raw.d_model,
    intermediateSize: raw.d_ff,
    encoderLayers: raw.num_layers,
    decoderLayers: raw.num_decoder_layers ?? raw.num_layers,
    heads: raw.num_heads,
    keyValueHeads: raw.num_heads,
    headSize: raw.d_kv,
    normEpsilon: raw.layer_norm_epsilon,
    relativePositions: { buckets, maxDistance },
    ...readFeedForward(raw.feed_forward_proj, path),
    // What transformers 5 saves is always tied, and says so in a field of its own.
    scalesOutput: raw.scale_decoder_outputs ?? raw.tie_word_embeddings !== false,
    tiedHead: true,
    startToken: startToken(raw, path),
  };
}

/** `relu`, `gated-gelu`: whether it is gated, and with which activation. */
function readFeedForward(
  field: string,
  path: string,
): { readonly isGated: boolean; readonly activation: Activation } {
  const isGated = field.startsWith("gated-");
  const name = isGated ? field.slice("gated-".length) : field;
  // T5 v1.1 means the approximation by tanh.
  const activation = field === "gated-gelu" ? "gelu-tanh" : ACTIVATIONS[name];
  if (activation === undefined) {
    const names = Object.keys(ACTIVATIONS).join(", ");
    throw new ModelError(
      "UNSUPPORTED",
      `${path}: feed_forward_proj ${excerpt(field)} is not one of ${names}, alone or after "gated-"`,
    );
  }
  return { isGated, activation };
}

function startToken(raw: RawConfig, path: string): number {
  const token = raw.decoder_start_token_id ?? raw.pad_token_id ?? 0;
  if (token < raw.vocab_size) return token;
  throw new ModelError(
    "BAD_CHECKPOINT",
    `${path}: decoder_start_token_id ${token} is outside the vocabulary of ${raw.vocab_size}`,
  );
}
