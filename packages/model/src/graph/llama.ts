import type { Value } from "../onnx/graph-builder.js";
import { attendNodes, attendPrompts, rememberPrompts, rotate } from "./attention.js";
import { exportNodes, exportPrompts, pastMemory } from "./call-memory.js";
import { type GraphContext, rmsNorm } from "./context.js";
import { feedForward } from "./feed-forward.js";
import {
  declareInputs,
  declarePromptInputs,
  type GraphInputs,
  type PromptInputs,
} from "./inputs.js";
import { linear, rows, stepsName } from "./linear.js";

/** Rows between two layers: the residual stream, and the same rows as the next layer reads them. */
interface Stream {
  readonly residual: Value;
  readonly normed: Value;
  /** Set where the rows of `normed` are the vocabulary's, to be picked by the rows' tokens. */
  readonly ofVocabulary?: boolean;
}

/**
 * Bytes that the first layer's projections of a whole vocabulary may take. Within it they are
 * computed once, when the graph is loaded (every input is a constant, so onnxruntime folds them),
 * and a call picks rows instead of multiplying.
 */
const MAX_TABLE_BYTES = 64 * 2 ** 20;

/** What a layer of the decoder works on. */
interface LayerPlace {
  readonly context: GraphContext;
  readonly inputs: GraphInputs;
  /** Absent where the prompts come from the cache. */
  readonly prompts: PromptInputs | undefined;
  readonly layer: number;
}

/**
 * The decoder over prompts and beam trees, from token ids to the last hidden state of every node.
 *
 * With `cached` the prompts' keys and values are inputs, and those of nodes computed earlier; the
 * rows are the new nodes alone. Without, the rows begin with the prompts' tokens. Either way the
 * layer's keys and values are outputs (`prompt_keys_<layer>` and the like) that a run may fetch.
 *
 * @returns hidden states after the final norm. Shape [R, hidden size]
 */
export function decoder(context: GraphContext, options: { cached: boolean }): Value {
  const { graph, config, weights } = context;
  const inputs = declareInputs(graph);
  const prompts = options.cached ? undefined : declarePromptInputs(graph);
  const embeddings = weights.use(graph, "model.embed_tokens.weight", [
    config.vocabularySize,
    config.hiddenSize,
  ]);
  const residual = graph.node("Gather", [embeddings, inputs.tokens]);
  const first = { name: "model.layers.0.input_layernorm.weight", size: config.hiddenSize };
  const ofVocabulary = fitsTable(context);
  const normed = rmsNorm(context, ofVocabulary ? embeddings : residual, first);
  let stream: Stream = { residual, normed, ofVocabulary };
  for (let layer = 0; layer < config.layers; layer++) {
    stream = decoderLayer({ context, inputs, prompts, layer }, stream);
  }
  return stream.normed;
}

/** Quantised layers are left out: folding them is not certain. */
function fitsTable({ config, weights }: GraphContext): boolean {
  const width = (config.heads + 2 * config.keyValueHeads) * config.headSize;
  const isQuantized = weights.has(stepsName("model.layers.0.self_attn.q_proj.weight"));
  return !isQuantized && 4 * config.vocabularySize * width <= MAX_TABLE_BYTES;
}

function decoderLayer(place: LayerPlace, stream: Stream): Stream {
  const { context, layer } = place;
  const { graph, config, weights } = context;
  const name = `model.layers.${layer}`;
  const attended = attention(place, stream);
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
  const isLast = layer === config.layers - 1;
  return addAndNorm(context, {
    residual: middle.residual,
    update: feedForward(context, { name: `${name}.mlp`, input: middle.normed }),
    norm: isLast ? "model.norm.weight" : `model.layers.${layer + 1}.input_layernorm.weight`,
  });
}

function attention(place: LayerPlace, stream: Stream): { output: Value; residual: Value } {
  const { context, inputs, prompts, layer } = place;
  const { graph, config } = context;
  const input = rows(graph, stream.normed);
  const tokens = stream.ofVocabulary ? inputs.tokens : undefined;
  const { positions } = inputs;
  const keys = project(place, { part: "k", input, tokens, heads: config.keyValueHeads, positions });
  const values = project(place, { part: "v", input, tokens, heads: config.keyValueHeads });
  if (prompts === undefined) {
    const queries = project(place, { part: "q", input, tokens, heads: config.heads, positions });
    const past = pastMemory(place);
    exportNodes(place, { keys, values });
    const nodes = {
      keys: graph.node("Concat", [past.nodes.keys, keys], { attributes: { axis: { int: 0 } } }),
      values: graph.node("Concat", [past.nodes.values, values], {
        attributes: { axis: { int: 0 } },
      }),
    };
    const output = attendNodes(context, { queries, prompts: past.prompts, nodes, inputs });
    return { output, residual: stream.residual };
  }
  const split = (value: Value) =>
    graph.nodes("Split", [value, prompts.rowSplit], {
      outputs: 2,
      attributes: { axis: { int: 0 } },
    });
  const [promptKeys = "", nodeKeys = ""] = split(keys);
  const [promptValues = "", nodeValues = ""] = split(values);
  const nodes = { keys: nodeKeys, values: nodeValues };
  exportNodes(place, nodes);
  if (layer === config.layers - 1) {
    // Nobody reads what the last layer makes of the prompts' tokens: only the nodes go on.
    const memory = rememberPrompts(context, {
      keys: promptKeys,
      values: promptValues,
      inputs: prompts,
    });
    exportPrompts(place, memory);
    const nodesOf = (value: Value) => split(value)[1] ?? "";
    const residual = nodesOf(stream.residual);
    const queries = project(place, {
      part: "q",
      ...(tokens === undefined
        ? { input: rows(graph, nodesOf(stream.normed)) }
        : { input, tokens: nodesOf(tokens) }),
      heads: config.heads,
      positions: nodesOf(positions),
    });
    return { output: attendNodes(context, { queries, prompts: memory, nodes, inputs }), residual };
  }
  const queries = project(place, { part: "q", input, tokens, heads: config.heads, positions });
  const [promptQueries = "", nodeQueries = ""] = split(queries);
  const { output, memory } = attendPrompts(context, {
    queries: promptQueries,
    keys: promptKeys,
    values: promptValues,
    inputs: prompts,
  });
  exportPrompts(place, memory);
  const ofNodes = attendNodes(context, { queries: nodeQueries, prompts: memory, nodes, inputs });
  return {
    output: graph.node("Concat", [output, ofNodes], { attributes: { axis: { int: 0 } } }),
    residual: stream.residual,
  };
}

/** Queries, keys or values of rows; queries and keys are rotated. Shape [rows, heads × head size]. */
function project(
  place: LayerPlace,
  options: {
    part: "q" | "k" | "v";
    input: ReturnType<typeof rows>;
    /** Tokens of the rows, where `input` has the vocabulary's rows. */
    tokens?: Value | undefined;
    heads: number;
    positions?: Value;
  },
): Value {
  const { context, layer } = place;
  const { graph, config, weights } = context;
  const { part, input, tokens, heads, positions } = options;
  const name = `model.layers.${layer}.self_attn`;
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
  if (positions === undefined) return projected;
  if (!config.queryKeyNorm) return rotate(context, { value: projected, heads, positions });
  const byHead = graph.node("Reshape", [projected, graph.int64s([-1, config.headSize])]);
  const normed = rmsNorm(context, byHead, {
    name: `${name}.${part}_norm.weight`,
    size: config.headSize,
  });
  return rotate(context, { value: normed, heads, positions });
}

/** Two operators: onnxruntime's fused one takes twice their time on a CPU. */
function addAndNorm(
  context: GraphContext,
  options: { residual: Value; update: Value; norm: string },
): Stream {
  const residual = context.graph.node("Add", [options.update, options.residual]);
  const weight = { name: options.norm, size: context.config.hiddenSize };
  return { residual, normed: rmsNorm(context, residual, weight) };
}
