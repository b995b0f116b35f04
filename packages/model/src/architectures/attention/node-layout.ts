import type { Value } from "../../onnx/graph-builder.js";
import { type NodeInputs, SIZES } from "../inputs.js";
import { inNumbers } from "../numbers.js";
import { fromHeads, type HeadContext, headAxes, toHeads } from "./heads.js";

/**
 * Nodes come as packed rows; a product with each user's prompt wants them as [B, heads, nodes per
 * user, …]. These are the ways there and back.
 */
export function nodeLayout(context: HeadContext, inputs: NodeInputs) {
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

/** Scores of prompts' tokens without those of padding. Shape [B, …axes, nodes, P], as the result's. */
export function hidePadding(
  context: HeadContext,
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
export function ofAncestors(
  { graph, config }: HeadContext,
  { memory, inputs }: { memory: Value; inputs: NodeInputs },
): Value {
  return graph.node("Reshape", [
    graph.node("Gather", [memory, inputs.ancestors]),
    graph.int64s([0, 0, config.keyValueHeads, 1, config.headSize]),
  ]);
}
