import type { Value } from "../../onnx/graph-builder.js";
import {
  type LayerPast,
  type LevelStates,
  layerPast,
  type NodeMemory,
  type PromptStates,
} from "../architecture.js";
import { joinLine } from "../attention/line-sums.js";
import { attendPromptsAlone } from "../attention/user-rows.js";
import { type LevelInputs, type PromptInputs, SIZES } from "../inputs.js";
import type { T5Context } from "./context.js";
import { decodeNodes } from "./decoder.js";
import { encodePrompts } from "./encoder.js";
import { attendLines } from "./line-attention.js";
import { lineBiases } from "./relative-positions.js";

/** Prompts, and the start token after each of them. */
export function promptStates(context: T5Context, inputs: PromptInputs): PromptStates {
  const { graph, config } = context;
  const prompts = encodePrompts(context, inputs);
  const tokens = graph.node("Expand", [graph.int32(config.startToken), graph.shape([SIZES.users])]);
  const { hidden, layers } = levelStates(context, {
    nodes: { tokens, ancestors: [], promptBias: inputs.promptBias },
    past: prompts.map((layer) => ({ prompts: layer, nodes: [] })),
  });
  const roots = (layer: number) => layers.slice(layer, layer + 1);
  return { hidden, layers: prompts.map((own, at) => ({ prompts: own, nodes: roots(at) })) };
}

/** The decoder's states of one depth's nodes, as many for every user. */
export function levelStates(
  context: T5Context,
  of: { nodes: Omit<LevelInputs, "positions">; past: readonly LayerPast[] },
): LevelStates {
  const { graph } = context;
  const { nodes, past } = of;
  const count = nodes.ancestors.length + 1;
  const biases = biasesAt(context, { depth: nodes.ancestors.length });
  return decodeNodes(context, {
    tokens: nodes.tokens,
    attendLines: ({ layer, queries, memory }) => {
      const line = (part: keyof NodeMemory) => {
        const ancestors = nodes.ancestors.map((rows, depth) =>
          graph.node("Gather", [layerPast(past, layer).nodes[depth]?.[part] ?? "", rows]),
        );
        return joinLine(context, [...ancestors, memory[part]]);
      };
      const lines = { keys: line("keys"), values: line("values"), biases };
      return attendLines(context, { queries, lines: { ...lines, places: { count, missing: 0 } } });
    },
    attendPrompts: ({ layer, queries }) => {
      const { prompts } = layerPast(past, layer);
      return attendPromptsAlone(context, { queries, prompts, promptBias: nodes.promptBias });
    },
  });
}

/** Biases of the lines of a depth, the same for all of its nodes. float [1, depth + 1, heads] */
function biasesAt(context: T5Context, { depth }: { depth: number }): Value {
  const { graph } = context;
  const ofDepth = graph.node("Gather", [lineBiases(context), graph.int64s([depth])]);
  return graph.slice(ofDepth, { axis: 1, from: 0, to: graph.int64s([depth + 1]) });
}
