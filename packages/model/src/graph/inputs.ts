import type { GraphBuilder, Value } from "../onnx/graph-builder.js";

/**
 * What a graph is fed. Rows are packed without padding: first the prompts' tokens (only in a graph
 * that computes prompts), user by user, then the nodes, user by user. B users, P tokens a prompt
 * (all users of a call have prompts of one length), R nodes, W wanted nodes, S = B × most nodes of a
 * user, A ancestors a node is given.
 */
export interface GraphInputs {
  /** Token of every row. int32 [rows]. */
  readonly tokens: Value;
  /** Position of every row. int64 [rows, 1]. */
  readonly positions: Value;
  /** For each place of the padded layout [B, most nodes], the node that stands there. int32 [S]. */
  readonly slots: Value;
  /** For each node, its place in the padded layout. int32 [R]. */
  readonly places: Value;
  /** [B, most nodes] as a shape prefix: int64 [2]. */
  readonly slotShape: Value;
  /** Nodes that a node sees: itself and its ancestors, as rows behind the cached nodes. int32 [R, A]. */
  readonly ancestors: Value;
  /** 0 for an ancestor, -infinity where a node has fewer than A. float [R, A, 1]. */
  readonly ancestorBias: Value;
  /** Ancestors short of the most there can be: int64 [6], begins and ends as Pad wants them. */
  readonly ancestorPadding: Value;
  /** A. int64 [1]. */
  readonly ancestorCount: Value;
  /** [prompt length, most ancestors]: int64 [2]. */
  readonly keySplit: Value;
}

/** Inputs of a graph that computes prompts. */
export interface PromptInputs {
  /** [prompt rows, node rows]: int64 [2]. */
  readonly rowSplit: Value;
  /** [B, P]: int64 [2]. */
  readonly promptShape: Value;
  /** 0 where a token sees another, -infinity where that one comes later. float [P, P]. */
  readonly causalBias: Value;
}

export function declareInputs(graph: GraphBuilder): GraphInputs {
  return {
    tokens: graph.input("tokens", "int32", ["rows"]),
    positions: graph.input("positions", "int64", ["rows", 1]),
    slots: graph.input("slots", "int32", ["slots"]),
    places: graph.input("places", "int32", ["nodes"]),
    slotShape: graph.input("slot_shape", "int64", [2]),
    ancestors: graph.input("ancestors", "int32", ["nodes", "ancestors"]),
    ancestorBias: graph.input("ancestor_bias", "float", ["nodes", "ancestors", 1]),
    ancestorPadding: graph.input("ancestor_padding", "int64", [6]),
    ancestorCount: graph.input("ancestor_count", "int64", [1]),
    keySplit: graph.input("key_split", "int64", [2]),
  };
}

export function declarePromptInputs(graph: GraphBuilder): PromptInputs {
  const promptShape = graph.input("prompt_shape", "int64", [2]);
  return {
    rowSplit: graph.input("row_split", "int64", [2]),
    promptShape,
    causalBias: causalBias(graph, promptShape),
  };
}

/** Made once a call, in the graph: its size is the call's alone. */
function causalBias(graph: GraphBuilder, promptShape: Value): Value {
  const length = graph.node("Slice", [promptShape, graph.int64s([1]), graph.int64s([2])]);
  const square = graph.node("Concat", [length, length], { attributes: { axis: { int: 0 } } });
  const closed = graph.node("Expand", [
    graph.scalar("minus_infinity", Number.NEGATIVE_INFINITY),
    square,
  ]);
  const firstAbove = graph.node("Squeeze", [graph.int64s([1])]);
  return graph.node("Trilu", [closed, firstAbove], { attributes: { upper: { int: 1 } } });
}
