import { type GraphBuilder, MICROSOFT, type Value } from "./graph-builder.js";

/**
 * How a graph holds int8 weights: signed as they are stored, or unsigned around 128. Exact sums are the
 * same numbers in both. Products of unsigned and signed bytes are the fastest, but some processors
 * saturate their sums: see `exactByteWeights`.
 */
export type ByteWeights = "int8" | "uint8";

/**
 * The product of two byte matrices as floats, each column times its step. The sums are int32.
 *
 * @param operands.rows uint8 around 128 [rows, inputs]
 * @param operands.matrix of the type that `byteWeights` says [inputs, outputs]
 * @param operands.steps float [outputs]
 * @returns float [rows, outputs]
 */
export function integerProduct(
  graph: GraphBuilder,
  operands: { rows: Value; matrix: Value; steps: Value; byteWeights: ByteWeights },
): Value {
  const { rows, matrix, steps, byteWeights } = operands;
  const zero = zero128(graph);
  const inputs = [rows, matrix, graph.scalar("one", 1), steps, zero];
  // Without a zero point of its own, the matrix is around 0.
  if (byteWeights === "uint8") inputs.push(zero);
  return graph.node("MatMulIntegerToFloat", inputs, { domain: MICROSOFT });
}

/**
 * Signed bytes that are declared as uint8 become unsigned around 128: adding 128 flips the highest bit.
 * onnxruntime computes it once, when the session opens.
 */
export function shiftBytes(graph: GraphBuilder, signed: Value): Value {
  return graph.node("BitwiseXor", [signed, zero128(graph)]);
}

function zero128(graph: GraphBuilder): Value {
  return graph.tensor("zero_point_128", {
    type: "uint8",
    dims: [],
    data: { raw: Uint8Array.of(128) },
  });
}
