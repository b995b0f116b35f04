import { type GraphBuilder, MICROSOFT, type Value } from "../../onnx/graph-builder.js";
import type { PromptMemory } from "../architecture.js";
import type { LlamaContext } from "./context.js";
import { fromHeads, headAxes, perGroup, toHeads } from "./query-heads.js";

/** 0 if a token sees another, -infinity if that one comes later. Shape [P, P]; `promptShape` is [B, P]. */
export function causalBias(graph: GraphBuilder, promptShape: Value): Value {
  const length = graph.node("Slice", [promptShape, graph.int64s([1]), graph.int64s([2])]);
  const square = graph.node("Concat", [length, length], { attributes: { axis: { int: 0 } } });
  const closed = graph.node("Expand", [
    graph.scalar("minus_infinity", Number.NEGATIVE_INFINITY),
    square,
  ]);
  const firstAbove = graph.node("Squeeze", [graph.int64s([1])]);
  return graph.node("Trilu", [closed, firstAbove], { attributes: { upper: { int: 1 } } });
}

/** Keys and values of prompts by head, from their rows. Shape of each [B × P, kv heads × head size]. */
export function rememberPrompts(
  context: LlamaContext,
  options: { keys: Value; values: Value; promptShape: Value },
): PromptMemory {
  const shape = options.promptShape;
  const axes = [context.config.keyValueHeads];
  return {
    keys: toHeads(context, { value: options.keys, shape, axes }),
    values: toHeads(context, { value: options.values, shape, axes }),
  };
}

/**
 * Causal attention of the prompts to themselves. Shape [B × P, heads × head size], for queries and for
 * the result.
 *
 * Plain products and a softmax: at the length of prompts of items they take half the time of
 * onnxruntime's fused operators. Scores of [B, heads, P, P] are held, so few long prompts fit in a run
 * (runtime/model-runner.ts limits them).
 */
export function attendPrompts(
  context: LlamaContext,
  options: { queries: Value; memory: PromptMemory; promptShape: Value; causalBias: Value },
): Value {
  const { graph, config } = context;
  const { memory, promptShape } = options;
  const heads = headAxes(config);
  const queries = toHeads(context, { value: options.queries, shape: promptShape, axes: heads });
  const scores = graph.node("FusedMatMul", [queries, perGroup(context, memory.keys)], {
    domain: MICROSOFT,
    attributes: { transB: { int: 1 }, alpha: { float: config.headSize ** -0.5 } },
  });
  const masked = graph.node("Add", [scores, options.causalBias]);
  const shares = graph.node("Softmax", [masked], { attributes: { axis: { int: -1 } } });
  const mixed = graph.node("MatMul", [shares, perGroup(context, memory.values)]);
  return fromHeads(context, { value: mixed, axes: heads });
}
