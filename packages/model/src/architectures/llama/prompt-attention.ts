import { floatsOf } from "../../onnx/floats.js";
import { MICROSOFT, type Value } from "../../onnx/graph-builder.js";
import type { PromptMemory } from "../architecture.js";
import { SIZES } from "../inputs.js";
import type { LlamaContext } from "./context.js";
import { fromHeads, headAxes, perGroup, toHeads } from "./query-heads.js";

/** Shape of prompts as rows per user. */
const PROMPT_SHAPE = [SIZES.users, SIZES.prompt];

/** 0 if a token sees another, -infinity if that one comes later. Shape [P, P]. */
function causalBias({ graph, numbers }: LlamaContext): Value {
  const closed = graph.node("Expand", [
    floatsOf(graph, numbers, {
      name: "minus_infinity",
      values: Float32Array.of(Number.NEGATIVE_INFINITY),
      dims: [],
    }),
    graph.shape([SIZES.prompt, SIZES.prompt]),
  ]);
  const firstAbove = graph.node("Squeeze", [graph.int64s([1])]);
  return graph.node("Trilu", [closed, firstAbove], { attributes: { upper: { int: 1 } } });
}

/** Keys and values of prompts by head, from their rows. Shape of each [B × P, kv heads × head size]. */
export function rememberPrompts(
  context: LlamaContext,
  options: { keys: Value; values: Value },
): PromptMemory {
  const shape = PROMPT_SHAPE;
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
 * (runtime/run-size.ts limits them).
 */
export function attendPrompts(
  context: LlamaContext,
  options: { queries: Value; memory: PromptMemory },
): Value {
  const { graph, config } = context;
  const { memory } = options;
  const heads = headAxes(config);
  const queries = toHeads(context, { value: options.queries, shape: PROMPT_SHAPE, axes: heads });
  const scores = graph.node("FusedMatMul", [queries, perGroup(context, memory.keys)], {
    domain: MICROSOFT,
    attributes: { transB: { int: 1 }, alpha: { float: config.headSize ** -0.5 } },
  });
  const masked = graph.node("Add", [scores, graph.once("causal_bias", () => causalBias(context))]);
  const shares = graph.node("Softmax", [masked], { attributes: { axis: { int: -1 } } });
  const mixed = graph.node("MatMul", [shares, perGroup(context, memory.values)]);
  return fromHeads(context, { value: mixed, axes: heads });
}
