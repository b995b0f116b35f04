// Ten T5 models with random weights: shapes of public generative recommenders and of T5 itself, with the
// variations of its configuration.

export const CODES_PER_LEVEL = 256;

/** https://arxiv.org/abs/2305.05065, section 4 */
export const TIGER = { encoderLayers: 4, width: 128, heads: 6, headSize: 64, intermediate: 1024 };

/**
 * By name: a random checkpoint's configuration and options, and what its nightbeam.json has besides. Default: four
 * levels, the last of which tells items of one cluster apart.
 */
export const T5_CONFIGURATIONS = {
  "TIGER, as in its paper": { config: TIGER },
  // Its config.json leaves out what has a default, and its vocabulary has T5's tokens beside the codes.
  "LETTER-TIGER": {
    config: { ...TIGER, unusedTokens: 32_128 },
    options: { configFields: { tie_word_embeddings: undefined, feed_forward_proj: undefined } },
  },
  "SpecGR's TIGER, 64 wide": {
    config: { encoderLayers: 4, width: 64, heads: 4, headSize: 64, intermediate: 1024 },
  },
  "SpecGR's TIGER, 128 wide": {
    config: { encoderLayers: 4, width: 128, heads: 4, headSize: 64, intermediate: 1024 },
  },
  ETEGRec: { config: { encoderLayers: 6, width: 128, heads: 4, headSize: 64, intermediate: 512 } },
  "ActionPiece, 256 wide, EOS scored": {
    config: { ...TIGER, width: 256, intermediate: 2048 },
    spec: { end: [2] },
  },
  "T5 small, half as wide": {
    config: { encoderLayers: 6, width: 256, heads: 4, headSize: 64, intermediate: 1024 },
  },
  "T5 1.1 small, half as wide": {
    config: {
      encoderLayers: 8,
      width: 256,
      heads: 3,
      headSize: 64,
      intermediate: 512,
      feedForward: "gated-gelu",
      tiedHead: false,
    },
    options: { format: "BF16" },
  },
  "deep encoder, few buckets, SiLU": {
    config: {
      encoderLayers: 6,
      decoderLayers: 2,
      width: 96,
      heads: 5,
      headSize: 24,
      feedForward: "gated-silu",
      buckets: 12,
      maxDistance: 40,
      scaledOutput: false,
      startToken: 3,
    },
  },
  "deep decoder, three levels, own head, scaled": {
    config: {
      levels: 3,
      encoderLayers: 2,
      decoderLayers: 5,
      width: 80,
      heads: 2,
      headSize: 48,
      tiedHead: false,
      scaledOutput: true,
      normEpsilon: 1e-5,
    },
    options: { format: "F16", shards: 2 },
  },
};
