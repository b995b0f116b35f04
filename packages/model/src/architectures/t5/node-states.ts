import { MICROSOFT, type Value } from "../../onnx/graph-builder.js";
import {
  type LayerPast,
  layerPast,
  type NodeMemory,
  type NodeStates,
  type PromptMemory,
  type PromptSource,
} from "../architecture.js";
import { hidePadding, nodeLayout, ofAncestors } from "../attention/node-layout.js";
import { splitAt } from "../attention/parts.js";
import { type NodeInputs, SIZES } from "../inputs.js";
import type { T5Context } from "./context.js";
import { decodeNodes } from "./decoder.js";
import { encodePrompts } from "./encoder.js";
import { attendLines } from "./line-attention.js";
import { lineBiases } from "./relative-positions.js";

/** The decoder's states of trees' nodes, after prompts that are encoded here or were earlier. */
export function nodeStates(
  context: T5Context,
  { nodes, prompts }: { nodes: NodeInputs; prompts: PromptSource },
): NodeStates {
  const { graph } = context;
  const rows = rowsOf(context, { nodes, prompts });
  const past: readonly LayerPast[] =
    prompts.kind === "memory"
      ? prompts.layers
      : encodePrompts(context, { tokens: rows.promptTokens, promptBias: nodes.promptBias }).map(
          (layer) => ({ prompts: layer, nodes: [] }),
        );
  const biases = graph.node("Add", [
    biasesByDepth(context, { positions: rows.positions, inputs: nodes }),
    nodes.ancestorBias,
  ]);
  const places = { count: nodes.counts.ancestors, missing: nodes.counts.ancestorPadding };
  const { hidden, layers } = decodeNodes(context, {
    tokens: rows.tokens,
    attendLines: ({ layer, queries, memory }) => {
      const gathered = (part: keyof NodeMemory) => {
        const earlier = layerPast(past, layer).nodes.map((some) => some[part]);
        const all = append(context, [...earlier, memory[part]]);
        return ofAncestors(context, { memory: all, inputs: nodes });
      };
      const lines = { keys: gathered("keys"), values: gathered("values"), biases, places };
      return attendLines(context, { queries, lines });
    },
    attendPrompts: ({ layer, queries }) =>
      attendPrompts(context, { queries, prompts: layerPast(past, layer).prompts, inputs: nodes }),
  });
  return {
    hidden,
    layers: layers.map((own, layer) => ({ prompts: layerPast(past, layer).prompts, nodes: own })),
  };
}

/** Prompts' tokens and nodes, apart: they pass different stacks. */
function rowsOf(
  context: T5Context,
  { nodes, prompts }: { nodes: NodeInputs; prompts: PromptSource },
): { promptTokens: Value; tokens: Value; positions: Value } {
  if (prompts.kind === "memory") return { promptTokens: "", ...nodes };
  const split = (value: Value) =>
    splitAt(context, { value, axis: 0, sizes: [SIZES.promptRows, SIZES.nodes] });
  const [promptTokens, tokens] = split(nodes.tokens);
  const [, positions] = split(nodes.positions);
  return { promptTokens, tokens, positions };
}

/** One after the other. */
function append({ graph }: T5Context, parts: readonly Value[]): Value {
  const [only = ""] = parts;
  return parts.length === 1
    ? only
    : graph.node("Concat", parts, { attributes: { axis: { int: 0 } } });
}

/** Biases of every node's line; a node's position is its depth. float [R, A, heads] */
function biasesByDepth(
  context: T5Context,
  { positions, inputs }: { positions: Value; inputs: NodeInputs },
): Value {
  const { graph } = context;
  const { ancestors } = inputs.counts;
  const depths = graph.node("Reshape", [positions, graph.int64s([-1])]);
  const all = graph.node("Gather", [lineBiases(context), depths]);
  if (ancestors === context.maxAncestors) return all;
  return graph.slice(all, { axis: 1, from: 0, to: graph.shape([ancestors]) });
}

/** Attention of nodes to their prompts. Shape [R, heads × head size], for queries and for the result. */
function attendPrompts(
  context: T5Context,
  of: { queries: Value; prompts: PromptMemory; inputs: NodeInputs },
): Value {
  const { graph } = context;
  const { queries, prompts, inputs } = of;
  const layout = nodeLayout(context, inputs);
  const scores = graph.node("FusedMatMul", [layout.toHeads(queries), prompts.keys], {
    domain: MICROSOFT,
    attributes: { transB: { int: 1 } },
  });
  const seen = hidePadding(context, { scores, promptBias: inputs.promptBias });
  const shares = graph.node("Softmax", [seen], { attributes: { axis: { int: -1 } } });
  return layout.fromHeads(graph.node("MatMul", [shares, prompts.values]));
}
