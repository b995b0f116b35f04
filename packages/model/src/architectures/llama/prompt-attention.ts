import { floatsOf } from "../../onnx/floats.js";
import { MICROSOFT, type Value } from "../../onnx/graph-builder.js";
import type { PromptMemory } from "../architecture.js";
import { fromHeads, headAxes, perGroup, toHeads } from "../attention/heads.js";
import { SIZES } from "../inputs.js";
import type { LlamaContext } from "./context.js";

/** Tokens per prompt that the run computes. */
const computedTokens = (start: PromptMemory | undefined) =>
  start === undefined ? SIZES.prompt : SIZES.afterStart;

/** 0 if a token sees another, -infinity if that one comes later. Shape [P - S, P]. */
function causalBias({ graph, numbers }: LlamaContext, start: PromptMemory | undefined): Value {
  const closed = graph.node("Expand", [
    floatsOf(graph, numbers, {
      name: "minus_infinity",
      values: Float32Array.of(Number.NEGATIVE_INFINITY),
      dims: [],
    }),
    graph.shape([computedTokens(start), SIZES.prompt]),
  ]);
  const firstHidden = graph.shape([start === undefined ? 1 : SIZES.firstHidden]);
  const firstAbove = graph.node("Squeeze", [firstHidden]);
  return graph.node("Trilu", [closed, firstAbove], { attributes: { upper: { int: 1 } } });
}

/**
 * Keys and values of prompts by head, from their rows and from those of the tokens that all of them start with.
 * Shape of the rows [B × (P - S), kv heads × head size].
 */
export function rememberPrompts(
  context: LlamaContext,
  options: { keys: Value; values: Value; start: PromptMemory | undefined },
): PromptMemory {
  const { keys, values, start } = options;
  const { keyValueHeads, headSize } = context.config;
  const { graph } = context;
  const shape = [SIZES.users, computedTokens(start)];
  const computed = (value: Value) => toHeads(context, { value, shape, axes: [keyValueHeads] });
  if (start === undefined) return { keys: computed(keys), values: computed(values) };
  const perUser = graph.shape([SIZES.users, keyValueHeads, SIZES.start, headSize]);
  const append = (first: Value, value: Value) =>
    graph.node("Concat", [graph.node("Expand", [first, perUser]), computed(value)], {
      attributes: { axis: { int: 2 } },
    });
  return { keys: append(start.keys, keys), values: append(start.values, values) };
}

/**
 * Causal attention of the prompts to themselves. Shape [B × (P - S), heads × head size], for queries and
 * for the result.
 *
 * Plain products and a softmax: at the length of prompts of items they take half the time of
 * onnxruntime's fused operators. Scores of [B, heads, P, P] are held, so few long prompts fit in a run
 * (runtime/run-size.ts limits them).
 */
export function attendPrompts(
  context: LlamaContext,
  options: { queries: Value; memory: PromptMemory; start?: PromptMemory | undefined },
): Value {
  const { graph, config } = context;
  const { memory, start } = options;
  const shape = [SIZES.users, computedTokens(start)];
  const heads = headAxes(config);
  const queries = toHeads(context, { value: options.queries, shape, axes: heads });
  const scores = graph.node("FusedMatMul", [queries, perGroup(context, memory.keys)], {
    domain: MICROSOFT,
    attributes: { transB: { int: 1 }, alpha: { float: config.headSize ** -0.5 } },
  });
  const masked = graph.node("Add", [
    scores,
    graph.once("causal_bias", () => causalBias(context, start)),
  ]);
  const shares = graph.node("Softmax", [masked], { attributes: { axis: { int: -1 } } });
  const mixed = graph.node("MatMul", [shares, perGroup(context, memory.values)]);
  return fromHeads(context, { value: mixed, axes: heads });
}
