import type { Value } from "../../onnx/graph-builder.js";
import type { ProgramContext, ProgramSetup } from "../program.js";

/** What a program of searches knows. */
export interface SearchSetup extends ProgramSetup {
  /** Largest number of children of a node, by depth. Shape [levels]. */
  readonly maxChildren: readonly number[];
}

/** The catalogue's trie as constants of a graph. int32 each. */
export interface TrieTensors {
  /** Children of node x are the ids from `firstChild[x]` to `firstChild[x + 1]`. Shape [nodes + 1]. */
  readonly firstChild: Value;
  /** Shape [nodes]. */
  readonly tokens: Value;
  /** Place of a node's code among the scores of its level: its token, or its code. Shape [nodes]. */
  readonly places: Value;
  /** A node without children. */
  readonly dead: number;
}

/** What the search is built from. */
export interface SearchContext extends ProgramContext, SearchSetup {
  readonly tensors: TrieTensors;
}

/** Beams of one depth; their order is that of their nodes. Shapes [B, K]. */
export interface GraphBeams {
  readonly depth: number;
  /** int32. A beam that does not exist has a node without children. */
  readonly nodes: Value;
  /** double: sums of log-probabilities; -infinity of a beam that does not exist. */
  readonly scores: Value;
}

/** The beams of the next depth. */
export interface ExpandedBeams extends GraphBeams {
  /** Place of each beam's parent among its user's beams. int32 [B, K]. */
  readonly parents: Value;
}
