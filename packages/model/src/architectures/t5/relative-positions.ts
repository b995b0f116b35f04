import type { Value } from "../../onnx/graph-builder.js";
import { SIZES } from "../inputs.js";
import { toFloat } from "../numbers.js";
import type { RelativePositions } from "./config.js";
import type { T5Context } from "./context.js";

/**
 * Row of the table for a distance, as transformers computes it, float32 rounding included: a distance at the
 * border of two buckets would go to the other one.
 *
 * @param distance of the token that is attended to: negative, it is before the attending one
 */
export function bucketOf(
  distance: number,
  options: RelativePositions & { readonly bothWays: boolean },
): number {
  const { maxDistance, bothWays } = options;
  const buckets = bothWays ? Math.floor(options.buckets / 2) : options.buckets;
  const first = bothWays && distance > 0 ? buckets : 0;
  const far = bothWays ? Math.abs(distance) : Math.max(0, -distance);
  const exact = Math.floor(buckets / 2);
  if (far < exact) return first + far;
  const ratio = Math.fround(Math.log(Math.fround(far / exact)));
  const share = Math.fround(ratio / Math.fround(Math.log(maxDistance / exact)));
  const steps = Math.trunc(Math.fround(share * (buckets - exact)));
  return first + Math.min(exact + steps, buckets - 1);
}

/** Name of a stack's table: that of its first layer, which the others share. */
const tableName = (stack: "encoder" | "decoder") =>
  `${stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`;

/** A stack's table of biases. Shape [buckets, heads]. */
function biasTable({ graph, weights, config }: T5Context, stack: "encoder" | "decoder"): Value {
  const { buckets } = config.relativePositions;
  return weights.use(graph, tableName(stack), [buckets, config.heads]);
}

/** Biases of each pair of a prompt's tokens. Shape [heads, P, P]. */
export function promptBiases(context: T5Context): Value {
  const { graph, config } = context;
  return graph.once("biases of prompts", () => {
    const positions = context.maxPositions;
    const distances = Int32Array.from({ length: 2 * positions - 1 }, (_, at) =>
      bucketOf(at - positions + 1, { ...config.relativePositions, bothWays: true }),
    );
    const buckets = graph.int32s("prompt_distance_buckets", distances, [distances.length]);
    const numbers = Int32Array.from({ length: positions }, (_, at) => at);
    const places = graph.slice(graph.int32s("prompt_places", numbers, [positions]), {
      axis: 0,
      from: 0,
      to: graph.shape([SIZES.prompt]),
    });
    const ofKeys = graph.node("Unsqueeze", [places, graph.int64s([0])]);
    const ofQueries = graph.node("Unsqueeze", [places, graph.int64s([1])]);
    const shifted = graph.node("Add", [
      graph.node("Sub", [ofKeys, ofQueries]),
      graph.int32(positions - 1),
    ]);
    const byPair = graph.node("Gather", [
      biasTable(context, "encoder"),
      graph.node("Gather", [buckets, shifted]),
    ]);
    return graph.node("Transpose", [byPair], { attributes: { perm: { ints: [2, 0, 1] } } });
  });
}

/**
 * Biases of a node and each ancestor, by the node's depth. Of ancestors that a node does not have, any number.
 * float [levels, A of the deepest node, heads]
 */
export function lineBiases(context: T5Context): Value {
  const { graph, config, maxAncestors } = context;
  return graph.once("biases of lines", () => {
    const options = { ...config.relativePositions, bothWays: false };
    const buckets = Int32Array.from({ length: maxAncestors * maxAncestors }, (_, at) => {
      const [node, ancestor] = [Math.floor(at / maxAncestors), at % maxAncestors];
      return bucketOf(Math.min(0, ancestor - node), options);
    });
    const places = graph.int32s("line_buckets", buckets, [maxAncestors, maxAncestors]);
    return toFloat(context, graph.node("Gather", [biasTable(context, "decoder"), places]));
  });
}
