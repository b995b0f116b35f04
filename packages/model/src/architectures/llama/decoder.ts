import type { Value } from "../../onnx/graph-builder.js";
import { linear, rows, stepsName } from "../../onnx/linear.js";
import type { LayerMemory, NodeStates, PromptSource } from "../architecture.js";
import type { NodeInputs } from "../inputs.js";
import { type LlamaContext, rmsNorm } from "./context.js";
import { feedForward } from "./feed-forward.js";
import { attention, type Layer, type LayerPrompts, type Stream } from "./layer-attention.js";
import { causalBias } from "./prompt-attention.js";

/** The embeddings, and the output layer if the head is tied. */
export const EMBEDDINGS = "model.embed_tokens.weight";

/**
 * Bytes that the first layer's projections of a whole vocabulary may take. Within this limit they are
 * computed once, when the graph is loaded (every input is a constant, so onnxruntime folds them), and a
 * run picks rows instead of multiplying.
 */
const MAX_TABLE_BYTES = 64 * 2 ** 20;

/**
 * The decoder over prompts and beam trees, from tokens to the hidden state of every node after the
 * final norm. If prompts come from memory, the rows are the nodes alone.
 */
export function decoder(
  context: LlamaContext,
  inputs: { nodes: NodeInputs; prompts: PromptSource },
): NodeStates {
  const { graph, config, weights } = context;
  const { nodes } = inputs;
  const promptsByLayer = layerPrompts(context, inputs.prompts);
  const embeddings = weights.use(graph, EMBEDDINGS, [config.vocabularySize, config.hiddenSize]);
  const residual = graph.node("Gather", [embeddings, nodes.tokens]);
  const first = { name: "model.layers.0.input_layernorm.weight", size: config.hiddenSize };
  let stream: Stream = fitsTable(context)
    ? { residual, normed: rmsNorm(context, embeddings, first), tokens: nodes.tokens }
    : { residual, normed: rmsNorm(context, residual, first), tokens: undefined };
  const layers: LayerMemory[] = [];
  for (const [index, prompts] of promptsByLayer.entries()) {
    const done = decoderLayer({ context, nodes, index, prompts }, stream);
    stream = done.stream;
    layers.push(done.memory);
  }
  return { hidden: stream.normed, layers };
}

/** What each layer knows of the prompts. */
function layerPrompts(context: LlamaContext, prompts: PromptSource): LayerPrompts[] {
  if (prompts.kind === "memory") return prompts.layers.map((past) => ({ kind: "memory", past }));
  const { inputs } = prompts;
  const bias = causalBias(context.graph, inputs.promptShape);
  return Array.from({ length: context.config.layers }, () => {
    return { kind: "tokens", inputs, causalBias: bias };
  });
}

/** Quantised layers are left out: onnxruntime may not fold them. */
function fitsTable({ config, weights }: LlamaContext): boolean {
  const width = (config.heads + 2 * config.keyValueHeads) * config.headSize;
  const isQuantized = weights.has(stepsName("model.layers.0.self_attn.q_proj.weight"));
  return !isQuantized && 4 * config.vocabularySize * width <= MAX_TABLE_BYTES;
}

function decoderLayer(layer: Layer, stream: Stream): { stream: Stream; memory: LayerMemory } {
  const { context, index } = layer;
  const { graph, config, weights } = context;
  const name = `model.layers.${index}`;
  const attended = attention(layer, stream);
  const projected = linear(graph, weights, {
    layer: {
      name: `${name}.self_attn.o_proj`,
      inputs: config.heads * config.headSize,
      outputs: config.hiddenSize,
      bias: config.biases.output,
    },
    input: rows(graph, attended.output),
  });
  const middle = addAndNorm(context, {
    residual: attended.residual,
    update: projected,
    norm: `${name}.post_attention_layernorm.weight`,
  });
  const isLast = index === config.layers - 1;
  const next = addAndNorm(context, {
    residual: middle.residual,
    update: feedForward(context, { name: `${name}.mlp`, input: middle.normed }),
    norm: isLast ? "model.norm.weight" : `model.layers.${index + 1}.input_layernorm.weight`,
  });
  return { stream: next, memory: attended.memory };
}

/** Two operators: onnxruntime's fused one takes twice their time on a CPU. */
function addAndNorm(
  context: LlamaContext,
  options: { residual: Value; update: Value; norm: string },
): Stream {
  const residual = context.graph.node("Add", [options.update, options.residual]);
  const weight = { name: options.norm, size: context.config.hiddenSize };
  return { residual, normed: rmsNorm(context, residual, weight), tokens: undefined };
}
