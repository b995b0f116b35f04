import type { Size, Value } from "../../onnx/graph-builder.js";
import type { GraphContext } from "../graph-context.js";
import { scoreColumns } from "../inputs.js";

/*
 * Values in two parts. onnxruntime copies the sizes of unequal parts to a GPU each time that it joins or
 * splits them, so graphs for a device do without.
 */

/** The part before a size and the part after it, along an axis. */
export function splitAt(
  { graph, onDevice }: GraphContext,
  options: { value: Value; axis: number; sizes: readonly [first: Size, second: Size] },
): [first: Value, second: Value] {
  const { value, axis, sizes } = options;
  if (!onDevice) {
    const [first = "", second = ""] = graph.nodes("Split", [value, graph.shape(sizes)], {
      outputs: 2,
      attributes: { axis: { int: axis } },
    });
    return [first, second];
  }
  const border = graph.shape([sizes[0]]);
  return [
    graph.slice(value, { axis, from: 0, to: border }),
    graph.slice(value, { axis, from: border }),
  ];
}

/** Scores of prompts' tokens and of `count` others, beside each other: […, P] and […, count] -> […, P + count]. */
export function joinScores(
  { graph, onDevice }: GraphContext,
  options: { toPrompt: Value; others: Value; count: number },
): Value {
  const { toPrompt, others, count } = options;
  const attributes = { axis: { int: -1 } };
  if (!onDevice) return graph.node("Concat", [toPrompt, others], { attributes });
  const columns = scoreColumns(graph, count);
  return graph.node("Where", [
    columns.isPrompt,
    graph.node("Gather", [toPrompt, columns.ofPrompt], { attributes }),
    graph.node("Gather", [others, columns.ofOthers], { attributes }),
  ]);
}
