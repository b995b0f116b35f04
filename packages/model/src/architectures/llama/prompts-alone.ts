import type { Value } from "../../onnx/graph-builder.js";
import { rows } from "../../onnx/linear.js";
import type { PromptMemory } from "../architecture.js";
import type { PromptInputs } from "../inputs.js";
import { attendLevel } from "./level-attention.js";
import { type Attended, type LayerPlace, project, type Stream } from "./projection.js";
import { attendPrompts, rememberPrompts } from "./prompt-attention.js";

/**
 * Attention of one layer if the rows are prompts and nothing else. After the last layer only the states
 * of the prompts' last tokens are read.
 */
export function promptAttention(
  layer: LayerPlace & { readonly inputs: PromptInputs },
  stream: Stream,
): Attended<PromptMemory> {
  const { context, index, inputs } = layer;
  const { graph, config } = context;
  const { tokens, residual, normed } = stream;
  const all = { input: rows(graph, normed), tokens, positions: inputs.positions };
  const memory = rememberPrompts(context, {
    keys: project(layer, "k", all),
    values: project(layer, "v", all),
    start: undefined,
  });
  if (index < config.layers - 1) {
    const queries = project(layer, "q", all);
    return { output: attendPrompts(context, { queries, memory }), residual, memory };
  }
  const last = (value: Value) => graph.node("Gather", [value, inputs.lastRows]);
  const picked =
    tokens === undefined
      ? { input: rows(graph, last(normed)), tokens }
      : { ...all, tokens: last(tokens) };
  const queries = project(layer, "q", { ...picked, positions: last(inputs.positions) });
  const output = attendLevel(context, { queries, prompts: memory, promptBias: inputs.promptBias });
  return { output, residual: last(residual), memory };
}
