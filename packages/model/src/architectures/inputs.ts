import type { GraphBuilder, Value } from "../onnx/graph-builder.js";

/**
 * The inputs of a graph, the same for every family. Rows are packed without padding: first the
 * prompts' tokens (if the graph computes prompts), user by user, then the nodes, user by user.
 *
 * In shapes: B users, P tokens per prompt (all prompts of a run have one length), R nodes, S = B × the
 * largest number of nodes of one user, A ancestors per node.
 */
export interface NodeInputs {
  /** Token of every row. int32 [rows]. */
  readonly tokens: Value;
  /** Position of every row. int64 [rows, 1]. */
  readonly positions: Value;
  /** For each slot of the padded layout [B, nodes per user], the node in it. int32 [S]. */
  readonly slots: Value;
  /** For each node, its slot in the padded layout. int32 [R]. */
  readonly places: Value;
  /** [B, nodes per user] as a shape prefix: int64 [2]. */
  readonly slotShape: Value;
  /**
   * Nodes that a node sees, itself and its ancestors, as rows after the remembered nodes. The root is
   * not among them: what it stands for is up to the family. int32 [R, A].
   */
  readonly ancestors: Value;
  /** 0 for an ancestor, -infinity if a node has fewer than A. float [R, A, 1]. */
  readonly ancestorBias: Value;
  /** What A lacks of the maximum: int64 [6], begins and ends as Pad wants them. */
  readonly ancestorPadding: Value;
  /** A. int64 [1]. */
  readonly ancestorCount: Value;
  /** [P, maximum of A]: int64 [2]. */
  readonly keySplit: Value;
}

/** Further inputs of a graph that computes prompts. */
export interface PromptInputs {
  /** [prompt rows, node rows]: int64 [2]. */
  readonly rowSplit: Value;
  /** [B, P]: int64 [2]. */
  readonly promptShape: Value;
}

export function declareInputs(graph: GraphBuilder): NodeInputs {
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
  return { rowSplit: graph.input("row_split", "int64", [2]), promptShape };
}
