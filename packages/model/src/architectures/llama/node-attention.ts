import { MICROSOFT, type Value } from "../../onnx/graph-builder.js";
import type { NodeMemory, PromptMemory } from "../architecture.js";
import { type NodeInputs, SIZES } from "../inputs.js";
import type { LlamaContext } from "./context.js";
import { lineMix, lineProducts } from "./line-sums.js";
import { fromFloat, inNumbers } from "./numbers.js";
import { joinScores, splitAt } from "./parts.js";
import { fromHeads, headAxes, perGroup, toHeads } from "./query-heads.js";

/**
 * Attention of nodes: to their prompt, to their ancestors, to themselves. Shape [R, heads × head
 * size], for queries and for the result.
 *
 * A node's ancestors are gathered to it, at most L - 1 of them, instead of masking a matrix of all
 * nodes by all nodes. Every sum then has the same terms in the same order, no matter what else is
 * in the tree, the batch or the cache: a node's result is the same to the last bit.
 */
export function attendNodes(
  context: LlamaContext,
  options: { queries: Value; prompts: PromptMemory; nodes: NodeMemory; inputs: NodeInputs },
): Value {
  const { graph } = context;
  const { inputs, prompts, nodes, queries } = options;
  const layout = nodeLayout(context, inputs);
  const toPrompt = graph.node(
    "FusedMatMul",
    [layout.toHeads(queries), perGroup(context, prompts.keys)],
    {
      domain: MICROSOFT,
      attributes: { transB: { int: 1 }, alpha: { float: scaleOf(context) } },
    },
  );
  const seen = hidePadding(context, { scores: toPrompt, promptBias: inputs.promptBias });
  const toAncestors = ancestorScores(context, { queries, keys: nodes.keys, inputs });
  const scores = joinScores(context, {
    toPrompt: seen,
    others: fromFloat(context, layout.ancestorsToHeads(toAncestors)),
    count: context.maxAncestors,
  });
  const shares = graph.node("Softmax", [scores], { attributes: { axis: { int: -1 } } });
  const [promptShares, ancestorShares] = splitAt(context, {
    value: shares,
    axis: -1,
    sizes: [SIZES.prompt, context.maxAncestors],
  });
  const fromPrompt = layout.fromHeads(
    graph.node("MatMul", [promptShares, perGroup(context, prompts.values)]),
  );
  const fromAncestors = mixAncestors(context, {
    shares: layout.ancestorsFromHeads(ancestorShares),
    values: nodes.values,
    inputs,
  });
  return graph.node("Add", [fromPrompt, fromAncestors]);
}

const scaleOf = ({ config }: LlamaContext) => config.headSize ** -0.5;

/** Scores of prompts' tokens without those of padding. Shape [B, …axes, nodes, P], as the result's. */
function hidePadding(
  context: LlamaContext,
  { scores, promptBias }: { scores: Value; promptBias: Value | undefined },
): Value {
  const { graph, config } = context;
  if (promptBias === undefined) return scores;
  const isGrouped = headAxes(config).length > 1;
  const bias = inNumbers(context, promptBias);
  const aligned = isGrouped ? graph.node("Unsqueeze", [bias, graph.int64s([1])]) : bias;
  return graph.node("Add", [scores, aligned]);
}

/** Keys or values of each node's ancestors. Shape [R, A, kv heads, 1, head size]. */
function ofAncestors(
  { graph, config }: LlamaContext,
  { memory, inputs }: { memory: Value; inputs: NodeInputs },
): Value {
  return graph.node("Reshape", [
    graph.node("Gather", [memory, inputs.ancestors]),
    graph.int64s([0, 0, config.keyValueHeads, 1, config.headSize]),
  ]);
}

/** Scores of each node's ancestors, padded to their maximum with -infinity. Shape [R, L - 1, heads]. */
function ancestorScores(
  context: LlamaContext,
  { queries, keys, inputs }: { queries: Value; keys: Value; inputs: NodeInputs },
): Value {
  const { graph, config } = context;
  const ancestors = ofAncestors(context, { memory: keys, inputs });
  const sums = lineProducts(context, { queries, keys: ancestors });
  const flat = graph.node("Reshape", [sums, graph.int64s([0, 0, config.heads])]);
  const biased = graph.node("Add", [
    graph.node("Mul", [flat, graph.scalar("attention_scale", scaleOf(context))]),
    inputs.ancestorBias,
  ]);
  if (inputs.counts.ancestorPadding === 0) return biased;
  return graph.node("Pad", [
    biased,
    graph.shape([0, 0, 0, 0, inputs.counts.ancestorPadding, 0]),
    graph.scalar("minus_infinity", Number.NEGATIVE_INFINITY),
  ]);
}

/** Values of each node's ancestors, weighted. Shape [R, heads × head size]. */
function mixAncestors(
  context: LlamaContext,
  { shares, values, inputs }: { shares: Value; values: Value; inputs: NodeInputs },
): Value {
  const { graph, config } = context;
  const group = config.heads / config.keyValueHeads;
  const weights = graph.node("Reshape", [
    shares,
    graph.int64s([0, 0, config.keyValueHeads, group, 1]),
  ]);
  return lineMix(context, { weights, values: ofAncestors(context, { memory: values, inputs }) });
}

/**
 * Nodes come as packed rows; a product with each user's prompt wants them as [B, heads, nodes per
 * user, …]. These are the ways there and back.
 */
function nodeLayout(context: LlamaContext, inputs: NodeInputs) {
  const { graph, config } = context;
  const axes = headAxes(config);
  const shape = [SIZES.users, inputs.counts.slots];
  const grouped = axes.length > 1;
  const transpose = (value: Value, perm: readonly number[]) =>
    graph.node("Transpose", [value], { attributes: { perm: { ints: perm } } });
  const pad = (value: Value) => graph.node("Gather", [value, inputs.slots]);
  const pack = (value: Value) => graph.node("Gather", [value, inputs.places]);
  return {
    toHeads: (queries: Value) => toHeads(context, { value: pad(queries), shape, axes }),
    fromHeads: (value: Value) => pack(fromHeads(context, { value, axes })),
    /** [nodes, ancestors, heads] -> [B, …axes, nodes per user, ancestors]. */
    ancestorsToHeads: (value: Value) => {
      const dims = graph.shape([...shape, -1, ...axes]);
      const perm = grouped ? [0, 3, 4, 1, 2] : [0, 3, 1, 2];
      return transpose(graph.node("Reshape", [pad(value), dims]), perm);
    },
    /** And back, cut to the ancestors that the nodes were given. */
    ancestorsFromHeads: (value: Value) => {
      const rows = transpose(value, grouped ? [0, 3, 4, 1, 2] : [0, 2, 3, 1]);
      const all = graph.int64s([-1, context.maxAncestors, config.heads]);
      const packed = pack(graph.node("Reshape", [rows, all]));
      if (inputs.counts.ancestors === context.maxAncestors) return packed;
      return graph.node("Slice", [
        packed,
        graph.int64s([0]),
        graph.shape([inputs.counts.ancestors]),
        graph.int64s([1]),
      ]);
    },
  };
}
