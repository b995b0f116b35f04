import type { Value } from "../../onnx/graph-builder.js";
import { rows } from "../../onnx/linear.js";
import type { LayerMemory, LayerPast, NodeMemory, PromptMemory } from "../architecture.js";
import { splitAt } from "../attention/parts.js";
import { type NodeInputs, SIZES } from "../inputs.js";
import { attendNodes } from "./node-attention.js";
import {
  type Attended,
  type LayerPlace,
  type ProjectedRows,
  project,
  type Stream,
} from "./projection.js";
import { attendPrompts, rememberPrompts } from "./prompt-attention.js";

/** A layer of prompts and trees of nodes. */
interface Layer extends LayerPlace {
  readonly nodes: NodeInputs;
  /** What an earlier run left of prompts and nodes. Default: the prompts are among the rows. */
  readonly past: LayerPast | undefined;
  /** What an earlier run left of the tokens that all prompts start with. Default: they are among the rows. */
  readonly start: PromptMemory | undefined;
}

/** A layer's rows with the keys and values of all of them. */
interface AttentionRows {
  readonly stream: Stream;
  readonly projected: ProjectedRows;
  readonly own: NodeMemory;
}

/** Attention of one layer, in one of three modes. */
export function treeAttention(layer: Layer, stream: Stream): Attended<LayerMemory> {
  const { context, index, nodes, past } = layer;
  const input = rows(context.graph, stream.normed);
  const projected = { input, tokens: stream.tokens, positions: nodes.positions };
  const own = {
    keys: project(layer, "k", projected),
    values: project(layer, "v", projected),
  };
  const all = { stream, projected, own };
  if (past !== undefined) return attendAfterMemory(layer, { ...all, past });
  const isLast = index === context.config.layers - 1;
  return isLast ? attendInLastLayer(layer, all) : attendTogether(layer, all);
}

/** Prompts and earlier nodes come from memory; the rows are the new nodes. */
function attendAfterMemory(
  layer: Layer,
  { stream, projected, own, past }: AttentionRows & { past: LayerPast },
): Attended<LayerMemory> {
  const { context, nodes: inputs } = layer;
  const { graph } = context;
  const queries = project(layer, "q", projected);
  const append = (part: keyof NodeMemory) =>
    past.nodes.length === 0
      ? own[part]
      : graph.node("Concat", [...past.nodes.map((earlier) => earlier[part]), own[part]], {
          attributes: { axis: { int: 0 } },
        });
  const nodes = { keys: append("keys"), values: append("values") };
  return {
    output: attendNodes(context, { queries, prompts: past.prompts, nodes, inputs }),
    residual: stream.residual,
    memory: { prompts: past.prompts, nodes: own },
  };
}

/** The rows are prompts and nodes, and the next layer reads both. */
function attendTogether(
  layer: Layer,
  { stream, projected, own }: AttentionRows,
): Attended<LayerMemory> {
  const { context, nodes: inputs } = layer;
  const [promptRows, nodes] = splitMemory(layer, own);
  const queries = splitRows(layer, project(layer, "q", projected));
  const { start } = layer;
  const memory = rememberPrompts(context, { ...promptRows, start });
  const ofPrompts = attendPrompts(context, { queries: queries.prompts, memory, start });
  const ofNodes = attendNodes(context, { queries: queries.nodes, prompts: memory, nodes, inputs });
  return {
    output: context.graph.node("Concat", [ofPrompts, ofNodes], {
      attributes: { axis: { int: 0 } },
    }),
    residual: stream.residual,
    memory: { prompts: memory, nodes },
  };
}

/** The last layer: the rows are prompts and nodes, but only the nodes' states are read afterwards. */
function attendInLastLayer(
  layer: Layer,
  { stream, projected, own }: AttentionRows,
): Attended<LayerMemory> {
  const { context, nodes: inputs } = layer;
  const [promptRows, nodes] = splitMemory(layer, own);
  const memory = rememberPrompts(context, { ...promptRows, start: layer.start });
  const nodesOf = (value: Value) => splitRows(layer, value).nodes;
  const residual = nodesOf(stream.residual);
  const { tokens } = stream;
  const picked =
    tokens === undefined
      ? { input: rows(context.graph, nodesOf(stream.normed)), tokens }
      : { input: projected.input, tokens: nodesOf(tokens) };
  const queries = project(layer, "q", { ...picked, positions: nodesOf(projected.positions) });
  return {
    output: attendNodes(context, { queries, prompts: memory, nodes, inputs }),
    residual,
    memory: { prompts: memory, nodes },
  };
}

/** Rows of prompts and nodes, apart. */
function splitRows({ context }: Layer, value: Value): { prompts: Value; nodes: Value } {
  const sizes = [SIZES.promptRows, SIZES.nodes] as const;
  const [prompts, nodes] = splitAt(context, { value, axis: 0, sizes });
  return { prompts, nodes };
}

/** Keys and values of prompts and nodes, apart and still by row. */
function splitMemory(layer: Layer, own: NodeMemory): [prompts: NodeMemory, nodes: NodeMemory] {
  const keys = splitRows(layer, own.keys);
  const values = splitRows(layer, own.values);
  return [
    { keys: keys.prompts, values: values.prompts },
    { keys: keys.nodes, values: values.nodes },
  ];
}
