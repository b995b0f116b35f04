import type { Architecture, ModelFamily } from "../architecture.js";
import type { GraphContext } from "../graph-context.js";
import { readT5Config, type T5Config } from "./config.js";
import { EMBEDDINGS, type T5Context } from "./context.js";
import { isWide } from "./feed-forward.js";
import { levelStates, promptStates } from "./level-states.js";
import { nodeStates } from "./node-states.js";

const HEAD = "lm_head.weight";
/** Matrices of linear layers. */
const LINEAR =
  /\.(Self|EncDec)Attention\.[qkvo]\.weight$|\.DenseReluDense\.w(i|i_0|i_1|o)\.weight$/;
/** In old checkpoints; no version of transformers reads it. */
const UNUSED = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight";

/** T5 and T5 v1.1: encoder-decoders with relative positions, as TIGER and its kin are. */
export const t5: ModelFamily = {
  modelTypes: ["t5"],
  read: (json, path) => architectureOf(readT5Config(json, path)),
};

function architectureOf(config: T5Config): Architecture {
  const { hiddenSize, heads, headSize, encoderLayers, decoderLayers, tiedHead } = config;
  const projection = hiddenSize * heads * headSize;
  const feedForward = (config.isGated ? 3 : 2) * hiddenSize * config.intermediateSize;
  const within = (context: GraphContext): T5Context => ({ ...context, config });
  return {
    vocabularySize: config.vocabularySize,
    hiddenSize,
    // Relative positions have no end.
    maxPositions: Number.POSITIVE_INFINITY,
    positionsLimit: "relative positions",
    attentionHeads: heads,
    encoderLayers,
    memory: { layers: decoderLayers, keyValueHeads: heads, headSize },
    // Keys and values that nodes attend to are projected once per prompt token.
    weightsPerPromptToken:
      encoderLayers * (4 * projection + feedForward) + decoderLayers * 2 * projection,
    weightsPerNode: decoderLayers * (6 * projection + feedForward),
    embeddings: EMBEDDINGS,
    embeddingCopies: ["encoder.embed_tokens.weight", "decoder.embed_tokens.weight"],
    head: HEAD,
    outputWeight: tiedHead ? EMBEDDINGS : HEAD,
    withOwnHead: () => architectureOf({ ...config, tiedHead: false }),
    isLinear: (tensor) => LINEAR.test(tensor),
    isWide,
    isIgnored: (tensor) => tensor === UNUSED,
    // Codes are the decoder's, which has positions of its own.
    maxPromptTokens: ({ maxPositions }) => maxPositions,
    rootToken: () => config.startToken,
    firstAncestor: 0,
    isCausal: false,
    rootPosition: () => 0,
    nodeStates: (context, inputs) => nodeStates(within(context), inputs),
    promptStates: (context, inputs) => promptStates(within(context), inputs),
    levelStates: (context, inputs) => levelStates(within(context), inputs),
  };
}
