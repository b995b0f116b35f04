import { MICROSOFT, type Value } from "../../onnx/graph-builder.js";
import type { NodeMemory, PromptMemory } from "../architecture.js";
import { perGroup } from "../attention/heads.js";
import { lineMix, lineProducts } from "../attention/line-sums.js";
import { hidePadding, nodeLayout, ofAncestors } from "../attention/node-layout.js";
import { joinScores, splitAt } from "../attention/parts.js";
import { type NodeInputs, SIZES } from "../inputs.js";
import { fromFloat } from "../numbers.js";
import type { LlamaContext } from "./context.js";

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
