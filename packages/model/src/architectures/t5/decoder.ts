import type { Value } from "../../onnx/graph-builder.js";
import { rows } from "../../onnx/linear.js";
import type { NodeMemory } from "../architecture.js";
import { fromFloat, toFloat } from "../numbers.js";
import { addAttended, embed, normedRows, rmsNorm, type T5Context, toAllHeads } from "./context.js";
import { addFeedForward } from "./feed-forward.js";

/** Nodes for the decoder, and what they attend to. Shape of queries and results [nodes, heads × head size]. */
export interface DecodedNodes {
  /** int32 [nodes]. */
  readonly tokens: Value;
  /** Attention to a node's ancestors and to itself. `memory` has the nodes' own keys and values. */
  readonly attendLines: (of: { layer: number; queries: Value; memory: NodeMemory }) => Value;
  /** Attention to the prompts. */
  readonly attendPrompts: (of: { layer: number; queries: Value }) => Value;
}

/** The decoder's layers, from tokens to the hidden states that the output layer reads. */
export function decodeNodes(
  context: T5Context,
  nodes: DecodedNodes,
): { hidden: Value; layers: NodeMemory[] } {
  const { graph, config } = context;
  const layers: NodeMemory[] = [];
  let residual = embed(context, nodes.tokens);
  for (let layer = 0; layer < config.decoderLayers; layer++) {
    const name = `decoder.block.${layer}`;
    const norm = (sublayer: number) => `${name}.layer.${sublayer}.layer_norm.weight`;
    const attention = `${name}.layer.0.SelfAttention`;
    const tokens = layer === 0 ? nodes.tokens : undefined;
    const from = normedRows(context, { norm: norm(0), residual, tokens });
    const project = (part: "q" | "k" | "v") =>
      toAllHeads(context, { name: `${attention}.${part}`, from });
    const memory = { keys: project("k"), values: project("v") };
    layers.push(memory);
    const lines = nodes.attendLines({ layer, queries: project("q"), memory });
    residual = addAttended(context, { name: attention, attended: rows(graph, lines), residual });
    const cross = `${name}.layer.1.EncDecAttention`;
    const queries = toAllHeads(context, {
      name: `${cross}.q`,
      from: normedRows(context, { norm: norm(1), residual }),
    });
    const prompts = nodes.attendPrompts({ layer, queries });
    residual = addAttended(context, { name: cross, attended: rows(graph, prompts), residual });
    residual = addFeedForward(context, { name: `${name}.layer.2`, residual });
  }
  const normed = rmsNorm(context, residual, "decoder.final_layer_norm.weight");
  return { hidden: config.scalesOutput ? scaled(context, normed) : normed, layers };
}

function scaled(context: T5Context, hidden: Value): Value {
  const { graph, config } = context;
  const factor = graph.scalar("output_scale", config.hiddenSize ** -0.5);
  return fromFloat(context, graph.node("Mul", [toFloat(context, hidden), factor]));
}
