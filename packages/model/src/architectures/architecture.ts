import type { ReadonlyInt32Array } from "@nightbeam/catalogue";
import type { Value } from "../onnx/graph-builder.js";
import type { GraphContext } from "./graph-context.js";
import type { LevelInputs, NodeInputs, PromptInputs } from "./inputs.js";

/** A family of models that share an architecture, such as LLaMA. */
export interface ModelFamily {
  /** Values of `model_type` in `config.json` that belong to it. */
  readonly modelTypes: readonly string[];
  /**
   * Reads the family's part of a `config.json`.
   *
   * @param path of the file, for errors
   * @throws ModelError BAD_CHECKPOINT; UNSUPPORTED, naming the field
   */
  read(config: object, path: string): Architecture;
}

/** Everything that the rest of the package knows about the kind of model that a checkpoint holds. */
export interface Architecture {
  readonly vocabularySize: number;
  /** Width of a hidden state. */
  readonly hiddenSize: number;
  /** Positions that the model was made for, or that its narrowest layer sees. */
  readonly maxPositions: number;
  /** The setting that `maxPositions` comes from, with its value, for errors. */
  readonly positionsLimit: string;
  /** Heads of the attention over a prompt: it holds a score per pair of tokens and head. */
  readonly attentionHeads: number;
  /** Layers of an encoder, which read prompts alone; 0 if prompts and answers go through the same layers. */
  readonly encoderLayers: number;
  /** Keys and values that a run leaves for later ones. */
  readonly memory: MemoryShape;
  /** Weights of linear layers that every token of a prompt is multiplied with. */
  readonly weightsPerPromptToken: number;
  /** The same for nodes, without the output layer's. */
  readonly weightsPerNode: number;
  /** Tensor with a row per token of the vocabulary, that tokens become. */
  readonly embeddings: string;
  /** Tensors that may hold the embeddings again. */
  readonly embeddingCopies: readonly string[];
  /** The output layer's tensor, if it is one of its own. */
  readonly head: string;
  /** Tensor with a row per token that hidden states are scored against: `head`, or `embeddings` if it is tied. */
  readonly outputWeight: string;
  /** The same with an output layer of its own, whatever the configuration says. */
  withOwnHead(): Architecture;
  /** Whether int8 is for this tensor: a matrix of a linear layer. */
  isLinear(tensor: string): boolean;
  /** Whether a tensor stays in float32 where the others have 16 bits. */
  isWide(tensor: string): boolean;
  /** Whether the checkpoint may have this tensor although no graph uses it. */
  isIgnored(tensor: string): boolean;
  /** Longest prompt in tokens, for code paths of `levels` codes in a model of `maxPositions`. */
  maxPromptTokens(limits: { maxPositions: number; levels: number }): number;
  /** Token of a tree's root: its row predicts the first code. */
  rootToken(prompt: ReadonlyInt32Array): number;
  /**
   * Depth of the first ancestor that a node attends to as a node: 1 if the root is the prompt's last token and so
   * remembered with the prompt, 0 if it is a token of its own.
   */
  readonly firstAncestor: 0 | 1;
  /** Whether a prompt's token sees earlier tokens alone: what prompts start with can then be computed once for all. */
  readonly isCausal: boolean;
  /** Position of a tree's root. A node's position is higher by its number of codes. */
  rootPosition(promptLength: number): number;
  /**
   * Adds the model's layers to a graph: from tokens to the hidden states of nodes.
   *
   * Prompts and nodes are one operation, so that a family may multiply both with a weight at once
   * (LLaMA does: two products would keep two copies of every weight).
   */
  nodeStates(
    context: GraphContext,
    inputs: { nodes: NodeInputs; prompts: PromptSource },
  ): NodeStates;
  /** The same for prompts without nodes. Hidden states are those of the roots. */
  promptStates(context: GraphContext, inputs: PromptInputs): PromptStates;
  /** The same for the nodes of one depth, after the prompts and the earlier depths. */
  levelStates(
    context: GraphContext,
    inputs: { nodes: LevelInputs; past: readonly LayerPast[] },
  ): LevelStates;
}

/** Shape of the keys and values that a model remembers; every layer's are the same. */
export interface MemoryShape {
  readonly layers: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
}

/**
 * Where a graph gets its prompts from: their tokens, or the memory of an earlier run. `start`, per layer, is
 * the memory of the tokens that all prompts of a run start with: the run computes those after them. Shape of
 * each [1, kv heads, S, head size]; S may be 0. Default: none.
 */
export type PromptSource =
  | { readonly kind: "tokens"; readonly start?: readonly PromptMemory[] | undefined }
  | { readonly kind: "memory"; readonly layers: readonly LayerPast[] };

/** Keys and values of prompts, by head. Shape of each [B, kv heads, P, head size]. */
export interface PromptMemory {
  readonly keys: Value;
  readonly values: Value;
}

/** Keys and values of nodes, by row. Shape of each [nodes, kv heads × head size]. */
export interface NodeMemory {
  readonly keys: Value;
  readonly values: Value;
}

/** What one layer remembers. */
export interface LayerMemory {
  readonly prompts: PromptMemory;
  readonly nodes: NodeMemory;
}

export interface NodeStates {
  /** Hidden states that the output layer reads. Shape [R, hidden size]. */
  readonly hidden: Value;
  /** Per layer: the prompts, and the nodes that were computed here. */
  readonly layers: readonly LayerMemory[];
}

export interface PromptStates {
  /** Of the roots. Shape [B, hidden size]. */
  readonly hidden: Value;
  /** Per layer; with the roots as nodes if `firstAncestor` is 0. */
  readonly layers: readonly LayerPast[];
}

/** What a layer remembers of prompts and of earlier nodes, such as those of each depth from `firstAncestor`. */
export interface LayerPast {
  readonly prompts: PromptMemory;
  readonly nodes: readonly NodeMemory[];
}

export interface LevelStates {
  /** Shape [R, hidden size]. */
  readonly hidden: Value;
  /** Per layer: the nodes that were computed here. */
  readonly layers: readonly NodeMemory[];
}

/** Ancestors that the deepest node of a catalogue of `levels` sees, itself included. */
export function maxAncestorsOf(
  { firstAncestor }: Pick<Architecture, "firstAncestor">,
  { levels }: { levels: number },
): number {
  return levels - firstAncestor;
}

/** What one layer remembers. @throws RangeError if there are fewer layers */
export function layerPast(past: readonly LayerPast[], layer: number): LayerPast {
  const found = past[layer];
  if (found === undefined) throw new RangeError(`layer ${layer} has no past`);
  return found;
}
