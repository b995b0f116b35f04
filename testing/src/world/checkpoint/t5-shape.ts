import { type CodeTokens, EOS, PAD, vocabularySize } from "./code-tokens.js";

/** Configuration of a random T5. */
export interface T5Shape extends CodeTokens {
  readonly modelType: "t5";
  readonly encoderLayers: number;
  readonly decoderLayers: number;
  /** Size of the residual stream. */
  readonly width: number;
  readonly intermediate: number;
  readonly heads: number;
  /** Need not be width / heads. */
  readonly headSize: number;
  readonly feedForward: "relu" | "gated-gelu" | "gated-silu";
  readonly buckets: number;
  /** Distances from here on share the last bucket. */
  readonly maxDistance: number;
  readonly tiedHead: boolean;
  /** Whether hidden states are scaled by width ** -0.5 before the head. Default: as `tiedHead`. */
  readonly scaledOutput?: boolean;
  /** Whether the file also has the embeddings under the names of encoder and decoder, as older ones do. */
  readonly embeddingCopies: boolean;
  /** Token that the decoder begins with; `undefined`: the padding token, by default. */
  readonly startToken?: number;
  readonly normEpsilon: number;
}

/** Default: a small T5 of the first version. */
export function completeT5(given: Partial<T5Shape>): T5Shape {
  const width = given.width ?? 32;
  const heads = given.heads ?? 4;
  const encoderLayers = given.encoderLayers ?? 2;
  return {
    modelType: "t5",
    levels: 4,
    codesPerLevel: 16,
    encoderLayers,
    decoderLayers: encoderLayers,
    width,
    intermediate: 3 * width,
    heads,
    headSize: width / heads,
    feedForward: "relu",
    buckets: 32,
    maxDistance: 128,
    tiedHead: true,
    embeddingCopies: false,
    normEpsilon: 1e-6,
    ...given,
  };
}

export function scalesOutput({ tiedHead, scaledOutput = tiedHead }: T5Shape): boolean {
  return scaledOutput;
}

/** The contents of `config.json`, without what follows from the files. */
export function t5Config(shape: T5Shape): Record<string, unknown> {
  return {
    architectures: ["T5ForConditionalGeneration"],
    model_type: "t5",
    is_encoder_decoder: true,
    d_model: shape.width,
    d_kv: shape.headSize,
    d_ff: shape.intermediate,
    num_layers: shape.encoderLayers,
    // Absent where both stacks have as many layers, as older checkpoints leave it.
    ...(shape.decoderLayers === shape.encoderLayers
      ? {}
      : { num_decoder_layers: shape.decoderLayers }),
    num_heads: shape.heads,
    relative_attention_num_buckets: shape.buckets,
    relative_attention_max_distance: shape.maxDistance,
    layer_norm_epsilon: shape.normEpsilon,
    feed_forward_proj: shape.feedForward,
    tie_word_embeddings: shape.tiedHead,
    ...(shape.scaledOutput === undefined ? {} : { scale_decoder_outputs: shape.scaledOutput }),
    vocab_size: vocabularySize(shape),
    decoder_start_token_id: shape.startToken ?? PAD,
    eos_token_id: EOS,
    pad_token_id: PAD,
  };
}
