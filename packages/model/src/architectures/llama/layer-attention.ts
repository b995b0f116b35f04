import type { Value } from "../../onnx/graph-builder.js";
import { linear, type Rows, rows } from "../../onnx/linear.js";
import type { LayerMemory, NodeMemory } from "../architecture.js";
import type { NodeInputs, PromptInputs } from "../inputs.js";
import { type LlamaContext, rmsNorm } from "./context.js";
import { attendNodes } from "./node-attention.js";
import { attendPrompts, rememberPrompts } from "./prompt-attention.js";
import { rotate } from "./query-heads.js";

/** Rows between two layers: the residual stream, and the same rows as the next layer reads them. */
export interface Stream {
  readonly residual: Value;
  readonly normed: Value;
  /** Tokens of the rows if `normed` has the vocabulary's rows, to be picked after the projections. */
  readonly tokens: Value | undefined;
}

/** A layer under construction. */
export interface Layer {
  readonly context: LlamaContext;
  readonly index: number;
  readonly nodes: NodeInputs;
  readonly prompts: LayerPrompts;
}

/** Where a layer finds the prompts: among its rows, or in the memory of an earlier run. */
export type LayerPrompts =
  | { readonly kind: "tokens"; readonly inputs: PromptInputs; readonly causalBias: Value }
  | { readonly kind: "memory"; readonly past: LayerMemory };

/** Attention's result for the rows that the next layer reads, and what the layer remembers. */
interface Attended {
  /** Shape [rows, heads × head size]. */
  readonly output: Value;
  /** The residual stream of the same rows. */
  readonly residual: Value;
  readonly memory: LayerMemory;
}

/** A layer's rows with the keys and values of all of them. */
interface AttentionRows {
  readonly stream: Stream;
  readonly projected: ProjectedRows;
  readonly own: NodeMemory;
}

type PromptTokens = Extract<LayerPrompts, { kind: "tokens" }>;

/** Attention of one layer, in one of three modes. */
export function attention(layer: Layer, stream: Stream): Attended {
  const { context, index, nodes, prompts } = layer;
  const input = rows(context.graph, stream.normed);
  const projected = { input, tokens: stream.tokens, positions: nodes.positions };
  const own = {
    keys: project(layer, "k", projected),
    values: project(layer, "v", projected),
  };
  const all = { stream, projected, own };
  if (prompts.kind === "memory") return attendAfterMemory(layer, { ...all, past: prompts.past });
  const isLast = index === context.config.layers - 1;
  return isLast
    ? attendInLastLayer(layer, { ...all, prompts })
    : attendTogether(layer, { ...all, prompts });
}

/** Prompts and earlier nodes come from memory; the rows are the new nodes. */
function attendAfterMemory(
  layer: Layer,
  { stream, projected, own, past }: AttentionRows & { past: LayerMemory },
): Attended {
  const { context, nodes: inputs } = layer;
  const { graph } = context;
  const queries = project(layer, "q", projected);
  const append = (earlier: Value, now: Value) =>
    graph.node("Concat", [earlier, now], { attributes: { axis: { int: 0 } } });
  const nodes = {
    keys: append(past.nodes.keys, own.keys),
    values: append(past.nodes.values, own.values),
  };
  return {
    output: attendNodes(context, { queries, prompts: past.prompts, nodes, inputs }),
    residual: stream.residual,
    memory: { prompts: past.prompts, nodes: own },
  };
}

/** The rows are prompts and nodes, and the next layer reads both. */
function attendTogether(
  layer: Layer,
  { stream, projected, own, prompts }: AttentionRows & { prompts: PromptTokens },
): Attended {
  const { context, nodes: inputs } = layer;
  const { promptShape } = prompts.inputs;
  const [promptRows, nodes] = splitMemory(layer, { own, prompts });
  const queries = splitRows(layer, { value: project(layer, "q", projected), prompts });
  const memory = rememberPrompts(context, { ...promptRows, promptShape });
  const ofPrompts = attendPrompts(context, {
    queries: queries.prompts,
    memory,
    promptShape,
    causalBias: prompts.causalBias,
  });
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
  { stream, projected, own, prompts }: AttentionRows & { prompts: PromptTokens },
): Attended {
  const { context, nodes: inputs } = layer;
  const [promptRows, nodes] = splitMemory(layer, { own, prompts });
  const { promptShape } = prompts.inputs;
  const memory = rememberPrompts(context, { ...promptRows, promptShape });
  const nodesOf = (value: Value) => splitRows(layer, { value, prompts }).nodes;
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
function splitRows(
  { context }: Layer,
  { value, prompts }: { value: Value; prompts: PromptTokens },
): { prompts: Value; nodes: Value } {
  const [promptRows = "", nodeRows = ""] = context.graph.nodes(
    "Split",
    [value, prompts.inputs.rowSplit],
    { outputs: 2, attributes: { axis: { int: 0 } } },
  );
  return { prompts: promptRows, nodes: nodeRows };
}

/** Keys and values of prompts and nodes, apart and still by row. */
function splitMemory(
  layer: Layer,
  { own, prompts }: { own: NodeMemory; prompts: PromptTokens },
): [prompts: NodeMemory, nodes: NodeMemory] {
  const keys = splitRows(layer, { value: own.keys, prompts });
  const values = splitRows(layer, { value: own.values, prompts });
  return [
    { keys: keys.prompts, values: values.prompts },
    { keys: keys.nodes, values: values.nodes },
  ];
}

/** Rows that queries, keys and values are projected from. */
interface ProjectedRows {
  readonly input: Rows;
  /** Tokens of the rows if `input` has the vocabulary's. */
  readonly tokens: Value | undefined;
  readonly positions: Value;
}

/** Queries, keys or values of rows; queries and keys are rotated. Shape [rows, heads × head size]. */
function project(layer: Layer, part: "q" | "k" | "v", from: ProjectedRows): Value {
  const { context, index } = layer;
  const { graph, config, weights } = context;
  const { input, tokens, positions } = from;
  const heads = part === "q" ? config.heads : config.keyValueHeads;
  const name = `model.layers.${index}.self_attn`;
  const all = linear(graph, weights, {
    layer: {
      name: `${name}.${part}_proj`,
      inputs: config.hiddenSize,
      outputs: heads * config.headSize,
      bias: config.biases.qkv,
    },
    input,
  });
  const projected = tokens === undefined ? all : graph.node("Gather", [all, tokens]);
  if (part === "v") return projected;
  if (!config.queryKeyNorm) return rotate(context, { value: projected, heads, positions });
  const byHead = graph.node("Reshape", [projected, graph.int64s([-1, config.headSize])]);
  const normed = rmsNorm(context, byHead, {
    name: `${name}.${part}_norm.weight`,
    size: config.headSize,
  });
  return rotate(context, { value: normed, heads, positions });
}
