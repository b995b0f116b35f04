import { describe, expect, it } from "vitest";
import { readT5Config } from "../../src/architectures/t5/config.js";
import { bucketOf } from "../../src/architectures/t5/relative-positions.js";
import { t5 } from "../../src/architectures/t5/t5.js";
import { ModelError } from "../../src/errors.js";

/** `google-t5/t5-small`. */
const SMALL = {
  model_type: "t5",
  vocab_size: 32_128,
  d_model: 512,
  d_kv: 64,
  d_ff: 2048,
  num_layers: 6,
  num_heads: 8,
  relative_attention_num_buckets: 32,
  layer_norm_epsilon: 1e-6,
  pad_token_id: 0,
  eos_token_id: 1,
  decoder_start_token_id: 0,
  is_encoder_decoder: true,
  n_positions: 512,
};

const read = (fields: Record<string, unknown> = {}) =>
  readT5Config({ ...SMALL, ...fields }, "config.json");

function refused(fields: Record<string, unknown>): ModelError {
  try {
    read(fields);
  } catch (error) {
    if (error instanceof ModelError) return error;
  }
  throw new Error("was not refused");
}

describe("config.json of T5", () => {
  it("is read with transformers' names", () => {
    expect(read()).toMatchObject({
      vocabularySize: 32_128,
      hiddenSize: 512,
      intermediateSize: 2048,
      encoderLayers: 6,
      decoderLayers: 6,
      heads: 8,
      headSize: 64,
      activation: "relu",
      isGated: false,
      scalesOutput: true,
      relativePositions: { buckets: 32, maxDistance: 128 },
      startToken: 0,
    });
  });

  it("may have a width of heads and a depth of the decoder of their own", () => {
    expect(read({ d_kv: 24, num_decoder_layers: 2 })).toMatchObject({
      headSize: 24,
      encoderLayers: 6,
      decoderLayers: 2,
    });
  });

  it.each([
    ["gated-gelu", "gelu-tanh", true],
    ["gated-silu", "silu", true],
    ["gelu", "gelu", false],
    ["gelu_new", "gelu-tanh", false],
    ["relu", "relu", false],
  ])("knows the feed-forward %s", (feed_forward_proj, activation, isGated) => {
    expect(read({ feed_forward_proj })).toMatchObject({ activation, isGated });
  });

  it("scales the output unless v1.1's head is its own, or a field says otherwise", () => {
    expect(read({ tie_word_embeddings: true }).scalesOutput).toBe(true);
    expect(read({ tie_word_embeddings: false }).scalesOutput).toBe(false);
    // As transformers 5 saves a model of the second kind.
    const saved = { tie_word_embeddings: true, scale_decoder_outputs: false };
    expect(read(saved).scalesOutput).toBe(false);
  });

  it("starts answers with the padding token if no other is named", () => {
    expect(read({ decoder_start_token_id: undefined, pad_token_id: 7 }).startToken).toBe(7);
    expect(read({ decoder_start_token_id: 3, pad_token_id: 7 }).startToken).toBe(3);
  });

  it.each([
    [{ feed_forward_proj: "gated-tanh" }, "UNSUPPORTED", 'feed_forward_proj "gated-tanh"'],
    [{ is_encoder_decoder: false }, "UNSUPPORTED", "is_encoder_decoder is false"],
    [{ quantization_config: { bits: 4 } }, "UNSUPPORTED", "quantization_config is set"],
    [{ decoder_start_token_id: 32_128 }, "BAD_CHECKPOINT", "decoder_start_token_id 32128"],
    [{ relative_attention_max_distance: 16 }, "BAD_CHECKPOINT", "relative_attention_max_distance"],
    [{ d_model: 0 }, "BAD_CHECKPOINT", "d_model"],
  ])("is refused with the field that is in the way: %o", (fields, code, message) => {
    const error = refused(fields);
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });

  it("counts the weights of prompt tokens and of nodes apart", () => {
    const config = { ...SMALL, num_layers: 2, num_decoder_layers: 3, d_kv: 16 };
    const { weightsPerPromptToken, weightsPerNode } = t5.read(config, "config.json");
    const projection = 512 * 8 * 16;
    const feedForward = 2 * 512 * 2048;
    expect(weightsPerPromptToken).toBe(2 * (4 * projection + feedForward) + 3 * 2 * projection);
    expect(weightsPerNode).toBe(3 * (6 * projection + feedForward));
  });
});

describe("bucketOf", () => {
  const distances = [-5000, -64, -32, -16, -9, -7, -1, 0, 1, 7, 9, 16, 64, 5000];

  // Numbers of transformers 5.20, T5Attention._relative_position_bucket.
  it.each([
    {
      options: { buckets: 32, maxDistance: 128, bothWays: true },
      expected: [15, 14, 12, 10, 8, 7, 1, 0, 17, 23, 24, 26, 30, 31],
    },
    {
      options: { buckets: 12, maxDistance: 50, bothWays: true },
      expected: [5, 5, 5, 4, 4, 3, 1, 0, 7, 9, 10, 10, 11, 11],
    },
    {
      options: { buckets: 32, maxDistance: 128, bothWays: false },
      expected: [31, 26, 21, 16, 9, 7, 1, 0, 0, 0, 0, 0, 0, 0],
    },
    {
      options: { buckets: 12, maxDistance: 50, bothWays: false },
      expected: [11, 11, 10, 8, 7, 6, 1, 0, 0, 0, 0, 0, 0, 0],
    },
  ])("is transformers' bucket: $options", ({ options, expected }) => {
    expect(distances.map((distance) => bucketOf(distance, options))).toEqual(expected);
  });
});
