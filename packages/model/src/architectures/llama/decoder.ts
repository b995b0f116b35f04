import type { Value } from "../../onnx/graph-builder.js";
import { linear, rows } from "../../onnx/linear.js";
import { fitsTable } from "../vocabulary-table.js";
import { type LlamaContext, rmsNorm } from "./context.js";
import { feedForward } from "./feed-forward.js";
import type { Attended, LayerPlace, Stream } from "./projection.js";

/** The embeddings, and the output layer if the head is tied. */
export const EMBEDDINGS = "model.embed_tokens.weight";

/** Rows for the decoder, and how a layer's rows attend to what they see. */
export interface DecoderRows<Memory> {
  /** int32 [rows]. */
  readonly tokens: Value;
  readonly attend: (layer: LayerPlace, stream: Stream) => Attended<Memory>;
}

/** The decoder's layers, from tokens to the hidden states of rows after the final norm. */
export function decoder<Memory>(
  context: LlamaContext,
  { tokens, attend }: DecoderRows<Memory>,
): { hidden: Value; layers: Memory[] } {
  const { graph, config, weights } = context;
  const embeddings = weights.use(graph, EMBEDDINGS, [config.vocabularySize, config.hiddenSize]);
  const residual = graph.node("Gather", [embeddings, tokens]);
  const first = { name: "model.layers.0.input_layernorm.weight", size: config.hiddenSize };
  const table = {
    vocabularySize: config.vocabularySize,
    width: (config.heads + 2 * config.keyValueHeads) * config.headSize,
    weight: "model.layers.0.self_attn.q_proj.weight",
  };
  let stream: Stream = fitsTable(context, table)
    ? {
        residual,
        normed: graph.once("normed embeddings", () => rmsNorm(context, embeddings, first)),
        tokens,
      }
    : { residual, normed: rmsNorm(context, residual, first), tokens: undefined };
  const layers: Memory[] = [];
  for (let index = 0; index < config.layers; index++) {
    const attended = attend({ context, index }, stream);
    layers.push(attended.memory);
    stream = afterAttention({ context, index }, attended);
  }
  return { hidden: stream.normed, layers };
}

/** The rest of a layer: projection, feed-forward, and the next layer's norm. */
function afterAttention({ context, index }: LayerPlace, attended: Attended<unknown>): Stream {
  const { graph, config, weights } = context;
  const name = `model.layers.${index}`;
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
  return addAndNorm(context, {
    residual: middle.residual,
    update: feedForward(context, { name: `${name}.mlp`, input: middle.normed }),
    norm: isLast ? "model.norm.weight" : `model.layers.${index + 1}.input_layernorm.weight`,
  });
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
