import type { Value } from "../onnx/graph-builder.js";
import { type LinearLayer, linear, type Rows, stepsName } from "../onnx/linear.js";
import type { GraphContext } from "./graph-context.js";

/*
 * What a first layer projects depends on the token alone. For a small vocabulary all of it is computed once, when the
 * graph is loaded (every input is a constant, so onnxruntime folds them), and a run picks rows instead of multiplying.
 */

/** Bytes that the first layer's projections of a whole vocabulary may take. */
const MAX_TABLE_BYTES = 64 * 2 ** 20;

/** Normed rows that queries, keys and values are projected from. */
export interface ProjectedFrom {
  readonly input: Rows;
  /** Tokens of the rows if `input` has the vocabulary's, to be picked after the projections. */
  readonly tokens: Value | undefined;
}

/**
 * Whether the projections of the vocabulary are computed once. Quantised layers and halves are left out: onnxruntime
 * may not fold them.
 *
 * @param of.width of queries, keys and values together; weight: name of one of their matrices
 */
export function fitsTable(
  { weights, numbers }: GraphContext,
  of: { readonly vocabularySize: number; readonly width: number; readonly weight: string },
): boolean {
  const isQuantized = weights.has(stepsName(of.weight));
  return !isQuantized && numbers === "float" && 4 * of.vocabularySize * of.width <= MAX_TABLE_BYTES;
}

/** A projection of rows. Shape [rows, outputs]. */
export function projectRows(
  { graph, weights }: GraphContext,
  { layer, from }: { layer: LinearLayer; from: ProjectedFrom },
): Value {
  const { input, tokens } = from;
  const multiply = () => linear(graph, weights, { layer, input });
  if (tokens === undefined) return multiply();
  return graph.node("Gather", [graph.once(`table of ${layer.name}`, multiply), tokens]);
}
