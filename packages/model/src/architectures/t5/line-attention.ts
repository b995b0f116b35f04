import type { Size, Value } from "../../onnx/graph-builder.js";
import { lineMix, lineProducts } from "../attention/line-sums.js";
import { fromFloat } from "../numbers.js";
import type { T5Context } from "./context.js";

/** The lines of nodes: each node's ancestors from the root on, and itself. */
export interface Lines {
  /** Shape of each [R, A, heads, 1, head size]. */
  readonly keys: Value;
  readonly values: Value;
  /** Biases of the places, -infinity where a line has ended. float [R or 1, A, heads] */
  readonly biases: Value;
  /** A, and what it lacks of the same number in every run. */
  readonly places: { readonly count: Size; readonly missing: Size };
}

/**
 * Attention of nodes to their lines. Shape [R, heads × head size], for queries and for the result. A softmax has as
 * many terms in every run, so that none of its sums is grouped in another way.
 */
export function attendLines(
  context: T5Context,
  { queries, lines }: { queries: Value; lines: Lines },
): Value {
  const { graph, config } = context;
  const { keys, values, biases, places } = lines;
  const products = graph.node("Reshape", [
    lineProducts(context, { queries, keys }),
    graph.int64s([0, 0, config.heads]),
  ]);
  const scores = graph.node("Add", [products, biases]);
  const all =
    places.missing === 0
      ? scores
      : graph.node("Pad", [
          scores,
          graph.shape([0, 0, 0, 0, places.missing, 0]),
          graph.scalar("minus_infinity", Number.NEGATIVE_INFINITY),
        ]);
  const swap = { attributes: { perm: { ints: [0, 2, 1] } } };
  const byHead = graph.node("Transpose", [all], swap);
  const shares = graph.node("Softmax", [byHead], { attributes: { axis: { int: -1 } } });
  const byPlace = graph.node("Transpose", [shares], swap);
  const some =
    places.missing === 0
      ? byPlace
      : graph.slice(byPlace, { axis: 1, from: 0, to: graph.shape([places.count]) });
  const weights = graph.node("Reshape", [some, graph.int64s([0, 0, config.heads, 1, 1])]);
  return lineMix(context, { weights: fromFloat(context, weights), values });
}
