import { Tensor } from "onnxruntime-node";
import { type Feeds, int32 } from "../onnx/feeds.js";
import type { GraphBuilder, Size, Value } from "../onnx/graph-builder.js";
import type { GraphContext } from "./graph-context.js";

/*
 * The inputs of a graph, the same for every family. In shapes: B users, P tokens per prompt, of which the
 * first S may be computed already (without `PromptSource.start`, S is 0), R nodes,
 * S = B × the largest number of nodes of one user, A ancestors per node.
 */

/** Sizes that a run gives to the shapes of a graph (`GraphBuilder.shape`). */
export const SIZES = {
  /** B */
  users: "users",
  /** P */
  prompt: "prompt",
  /** S: tokens that all prompts start with and that the run does not compute. */
  start: "start",
  /** P - S */
  afterStart: "after_start",
  /** S + 1: the first column that a prompt's first computed token does not see. */
  firstHidden: "first_hidden",
  /** B × (P - S), or 0 if the run computes no prompts. */
  promptRows: "prompt_rows",
  /** R */
  nodes: "nodes",
  /** S / B */
  slots: "slots",
  /** A */
  ancestors: "ancestors",
  /** What A lacks of the maximum. */
  ancestorPadding: "ancestor_padding",
} as const;

/**
 * Nodes of trees that the run brings along, packed without padding. Rows are first the prompts' tokens
 * (if the graph computes prompts), user by user, then the nodes, user by user.
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
  /**
   * Nodes that a node sees, its ancestors from depth `firstAncestor` on and itself, as rows after the remembered
   * nodes. int32 [R, A].
   */
  readonly ancestors: Value;
  /** 0 for an ancestor, -infinity if a node has fewer than A. float [R, A, 1]. */
  readonly ancestorBias: Value;
  /** Sizes: slots per user (S / B), A, and what A lacks of the maximum. */
  readonly counts: {
    readonly slots: Size;
    readonly ancestors: Size;
    readonly ancestorPadding: Size;
  };
  /** As in `PromptInputs`, if prompts are padded. Default: they have one length. */
  readonly promptBias?: Value | undefined;
}

/** Prompts that are computed alone, user by user, padded at their ends. */
export interface PromptInputs {
  /** int32 [B × P]. */
  readonly tokens: Value;
  /** int64 [B × P, 1]. */
  readonly positions: Value;
  /** Row of each prompt's last token. int32 [B]. */
  readonly lastRows: Value;
  /** 0 for a token, -infinity for the padding after it. float [B, 1, 1, P]. */
  readonly promptBias: Value;
}

/** The nodes of one depth, all of them one after the other, as many for every user. */
export interface LevelInputs {
  /** int32 [R]. */
  readonly tokens: Value;
  /** int64 [R, 1]. */
  readonly positions: Value;
  /** For each earlier depth from `firstAncestor`, the ancestor's row among that depth's nodes. int32 [R] each. */
  readonly ancestors: readonly Value[];
  /** As in `PromptInputs`. */
  readonly promptBias: Value;
}

/** Columns of scores of a prompt's tokens and of others beside each other. */
interface ScoreColumns {
  /** bool [P + others]. */
  readonly isPrompt: Value;
  /** The prompt's token of each column; 0 for one of the others. int32 [P + others]. */
  readonly ofPrompt: Value;
  /** Which of the others; 0 for a column of the prompt. int32 [P + others]. */
  readonly ofOthers: Value;
}

const columnNames = (count: number) => ({
  isPrompt: `is_prompt_${count}`,
  ofPrompt: `prompt_columns_${count}`,
  ofOthers: `other_columns_${count}`,
});

/** The columns for a number of others, as inputs that all layers share. */
export function scoreColumns(graph: GraphBuilder, count: number): ScoreColumns {
  const names = columnNames(count);
  const input = (name: string, type: "bool" | "int32") =>
    graph.once(`input ${name}`, () => graph.input(name, type, [`columns_${count}`]));
  return {
    isPrompt: input(names.isPrompt, "bool"),
    ofPrompt: input(names.ofPrompt, "int32"),
    ofOthers: input(names.ofOthers, "int32"),
  };
}

/** The inputs of `scoreColumns`, which graphs for a device have. */
export function packScoreColumns(promptLength: number, counts: readonly number[]): Feeds {
  const feeds: Feeds = {};
  for (const count of counts) {
    const columns = Int32Array.from({ length: promptLength + count }, (_, column) => column);
    const names = columnNames(count);
    const dims = [columns.length];
    const isPrompt = Uint8Array.from(columns, (column) => (column < promptLength ? 1 : 0));
    feeds[names.isPrompt] = new Tensor("bool", isPrompt, dims);
    feeds[names.ofPrompt] = int32(
      columns.map((column) => (column < promptLength ? column : 0)),
      dims,
    );
    feeds[names.ofOthers] = int32(
      columns.map((column) => Math.max(0, column - promptLength)),
      dims,
    );
  }
  return feeds;
}

/** Nodes of trees as inputs. On a device every node has as many ancestors, some of them hidden. */
export function declareNodes({
  graph,
  onDevice,
  maxAncestors,
}: Pick<GraphContext, "graph" | "onDevice" | "maxAncestors">): NodeInputs {
  return {
    tokens: graph.input("tokens", "int32", ["rows"]),
    positions: graph.input("positions", "int64", ["rows", 1]),
    slots: graph.input("slots", "int32", ["slots"]),
    places: graph.input("places", "int32", ["nodes"]),
    ancestors: graph.input("ancestors", "int32", ["nodes", "ancestors"]),
    ancestorBias: graph.input("ancestor_bias", "float", ["nodes", "ancestors", 1]),
    counts: onDevice ? { slots: SIZES.slots, ancestors: maxAncestors, ancestorPadding: 0 } : SIZES,
  };
}
