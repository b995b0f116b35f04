import type { Value } from "../../onnx/graph-builder.js";
import { fromFloat, toFloat } from "../numbers.js";
import type { HeadContext } from "./heads.js";

/*
 * Sums over a node's line, which are its ancestors and itself. Each has few terms, in an order of its own.
 * In shapes: R nodes, A places of a line, `group` query heads per key-value head.
 */

/**
 * Places of lines in a run whose longest has `longest`, so that a node's sum is the same in runs with other lines.
 * onnxruntime adds four terms at a time on a CPU and the rest of them as a pair and a single one, so that three terms
 * that end a sum are grouped in another way than the same ones with a zero behind.
 */
export function linePlaces(longest: number, { max }: { max: number }): number {
  return longest % 4 === 3 ? Math.min(longest + 1, max) : longest;
}

/**
 * Products of each node's queries with the keys of its line. float [R, A, kv heads, group]
 *
 * @param of queries [R, heads × head size]; keys [R, A, kv heads, 1, head size]
 */
export function lineProducts(context: HeadContext, of: { queries: Value; keys: Value }): Value {
  const { graph, config } = context;
  const group = config.heads / config.keyValueHeads;
  const perHead = [config.keyValueHeads, group, config.headSize];
  const query = graph.node("Reshape", [
    toFloat(context, of.queries),
    graph.int64s([0, 1, ...perHead]),
  ]);
  const products = graph.node("Mul", [toFloat(context, of.keys), query]);
  return graph.node("ReduceSum", [products, graph.int64s([4])], {
    attributes: { keepdims: { int: 0 } },
  });
}

/**
 * Values of each node's line, weighted. Shape [R, heads × head size].
 *
 * @param of weights [R, A, kv heads, group, 1]; values [R, A, kv heads, 1, head size]
 */
export function lineMix(context: HeadContext, of: { weights: Value; values: Value }): Value {
  const { graph, config } = context;
  const weighted = graph.node("Mul", [toFloat(context, of.weights), toFloat(context, of.values)]);
  const sums = graph.node("ReduceSum", [weighted, graph.int64s([1])], {
    attributes: { keepdims: { int: 0 } },
  });
  return graph.node("Reshape", [
    fromFloat(context, sums),
    graph.int64s([-1, config.heads * config.headSize]),
  ]);
}

/** Rows of every ancestor and of the node itself, beside each other. Shape [R, depth, kv heads, 1, head size]. */
export function joinLine({ graph, config }: HeadContext, parts: readonly Value[]): Value {
  const shape = graph.int64s([-1, 1, config.keyValueHeads, 1, config.headSize]);
  const columns = parts.map((part) => graph.node("Reshape", [part, shape]));
  const [only = ""] = columns;
  // Parts of one size: onnxruntime copies their sizes to a GPU otherwise.
  return columns.length === 1
    ? only
    : graph.node("Concat", columns, { attributes: { axis: { int: 1 } } });
}
