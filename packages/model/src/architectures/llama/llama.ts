import { floatsOf } from "../../onnx/floats.js";
import { type Architecture, layerPast, type ModelFamily } from "../architecture.js";
import type { GraphContext } from "../graph-context.js";
import { type LlamaConfig, MODEL_TYPES, readLlamaConfig } from "./config.js";
import type { LlamaContext } from "./context.js";
import { decoder, EMBEDDINGS } from "./decoder.js";
import { levelAttention } from "./level-attention.js";
import { promptAttention } from "./prompts-alone.js";
import { ropeTables } from "./rope.js";
import { treeAttention } from "./tree-attention.js";

const HEAD = "lm_head.weight";
const ROTATION_TABLE = /\brotary_emb\.(inv_freq|original_inv_freq|cos_cached|sin_cached)$/;

/** LLaMA and its kin: decoder-only, rotary positions, RMS norms, SwiGLU, grouped key-value heads. */
export const llama: ModelFamily = {
  modelTypes: MODEL_TYPES,
  read: (json, path) => architectureOf(readLlamaConfig(json, path)),
};

function architectureOf(config: LlamaConfig): Architecture {
  const { layers, heads, keyValueHeads, headSize, hiddenSize, tiedHead } = config;
  const attentionWeights = 2 * heads * headSize + 2 * keyValueHeads * headSize;
  const linearWeights = layers * hiddenSize * (attentionWeights + 3 * config.intermediateSize);
  return {
    vocabularySize: config.vocabularySize,
    hiddenSize,
    maxPositions: config.maxPositions,
    positionsLimit: config.positionsLimit,
    attentionHeads: heads,
    encoderLayers: 0,
    memory: { layers, keyValueHeads, headSize },
    weightsPerPromptToken: linearWeights,
    weightsPerNode: linearWeights,
    embeddings: EMBEDDINGS,
    embeddingCopies: [],
    head: HEAD,
    outputWeight: tiedHead ? EMBEDDINGS : HEAD,
    withOwnHead: () => architectureOf({ ...config, tiedHead: false }),
    isLinear: (tensor) => tensor.endsWith("_proj.weight"),
    isWide: () => false,
    // Some checkpoints carry tables that are computed here.
    isIgnored: (tensor) => ROTATION_TABLE.test(tensor),
    // The prompt's last token is the root: a path's last code is predicted and never a row.
    maxPromptTokens: ({ maxPositions, levels }) => maxPositions - levels + 1,
    rootToken: (prompt) => prompt.at(-1) ?? 0,
    firstAncestor: 1,
    isCausal: true,
    rootPosition: (promptLength) => promptLength - 1,
    nodeStates: (context, { nodes, prompts }) =>
      decoder(withTables(context, config), {
        tokens: nodes.tokens,
        attend: (layer, stream) => {
          const past = prompts.kind === "memory" ? prompts.layers[layer.index] : undefined;
          const start = prompts.kind === "tokens" ? prompts.start?.[layer.index] : undefined;
          return treeAttention({ ...layer, nodes, past, start }, stream);
        },
      }),
    promptStates: (context, inputs) => {
      const { hidden, layers } = decoder(withTables(context, config), {
        tokens: inputs.tokens,
        attend: (layer, stream) => promptAttention({ ...layer, inputs }, stream),
      });
      return { hidden, layers: layers.map((prompts) => ({ prompts, nodes: [] })) };
    },
    levelStates: (context, { nodes, past }) =>
      decoder(withTables(context, config), {
        tokens: nodes.tokens,
        attend: (layer, stream) =>
          levelAttention({ ...layer, nodes, past: layerPast(past, layer.index) }, stream),
      }),
  };
}

/** Adds the rotation tables to a graph. */
function withTables(context: GraphContext, config: LlamaConfig): LlamaContext {
  const { headSize, rope } = config;
  const positions = context.maxPositions;
  const shape = [positions, headSize / 2];
  const { graph, numbers } = context;
  let tables: ReturnType<typeof ropeTables> | undefined;
  // Computed by the first of a graph's passes.
  const table = (name: "cosines" | "sines") =>
    graph.once(`rotation ${name}`, () => {
      tables ??= ropeTables(rope, { headSize, positions });
      return floatsOf(graph, numbers, { name, values: tables[name], dims: shape });
    });
  return { ...context, config, cosines: table("cosines"), sines: table("sines") };
}
