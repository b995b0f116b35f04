import type { Value } from "../../onnx/graph-builder.js";
import type { PromptMemory } from "../architecture.js";
import { SIZES } from "../inputs.js";
import { inNumbers } from "../numbers.js";
import type { HeadContext } from "./heads.js";

/*
 * Attention to prompts of rows that are as many for every user, such as the nodes of one depth. The heads that
 * share keys are rows of one product: a GPU would be given a list of addresses for a product that is broadcast.
 */

/** Scores of the prompts' tokens. Shape [B, kv heads, group × nodes, P]. @param of.queries [R, heads × head size] */
export function promptScores(
  context: HeadContext,
  of: { queries: Value; prompts: PromptMemory; promptBias: Value },
): Value {
  const { graph } = context;
  const { queries, prompts, promptBias } = of;
  const keys = graph.once(`${prompts.keys} transposed`, () =>
    transpose(context, prompts.keys, [0, 1, 3, 2]),
  );
  return graph.node("Add", [
    graph.node("MatMul", [byUser(context, queries), keys]),
    inNumbers(context, promptBias),
  ]);
}

/** Values of the prompts' tokens, weighted. Shape [R, heads × head size]. @param of.shares as of `promptScores` */
export function promptMix(
  context: HeadContext,
  of: { shares: Value; prompts: PromptMemory },
): Value {
  return byRow(context, context.graph.node("MatMul", [of.shares, of.prompts.values]));
}

/** Attention to prompts alone. Shape [R, heads × head size], for queries and for the result. */
export function attendPromptsAlone(
  context: HeadContext,
  of: { queries: Value; prompts: PromptMemory; promptBias: Value },
): Value {
  const shares = softmax(context, promptScores(context, of));
  return promptMix(context, { shares, prompts: of.prompts });
}

/** Queries by row -> [B, kv heads, group × nodes, head size]. */
function byUser(context: HeadContext, queries: Value): Value {
  const { graph, config } = context;
  const { keyValueHeads, headSize } = config;
  const group = config.heads / keyValueHeads;
  const rows = graph.node("Reshape", [
    queries,
    graph.shape([SIZES.users, -1, keyValueHeads, group, headSize]),
  ]);
  const heads = transpose(context, rows, [0, 2, 3, 1, 4]);
  return graph.node("Reshape", [heads, graph.int64s([0, 0, -1, headSize])]);
}

/** And back. */
function byRow(context: HeadContext, value: Value): Value {
  const { graph, config } = context;
  const { keyValueHeads, headSize } = config;
  const group = config.heads / keyValueHeads;
  const heads = graph.node("Reshape", [value, graph.int64s([0, 0, group, -1, headSize])]);
  const rows = transpose(context, heads, [0, 3, 1, 2, 4]);
  return graph.node("Reshape", [rows, graph.int64s([-1, keyValueHeads * group * headSize])]);
}

export function transpose({ graph }: HeadContext, value: Value, perm: readonly number[]): Value {
  return graph.node("Transpose", [value], { attributes: { perm: { ints: perm } } });
}

/** Over the last axis. */
export function softmax({ graph }: HeadContext, value: Value): Value {
  return graph.node("Softmax", [value], { attributes: { axis: { int: -1 } } });
}
