import type { FloatType } from "../onnx/floats.js";
import type { FloatFormat } from "./numbers.js";
import type { StoredTensor } from "./stored-tensor.js";

/**
 * The numbers that a model computes in: 32-bit floats; 16-bit floats, whose sums, norms and scores are in
 * 32 bits; or 8-bit weights with activations quantised per row.
 */
export const PRECISIONS = ["fp32", "fp16", "bf16", "int8"] as const;
export type Precision = (typeof PRECISIONS)[number];

/** The type that floating-point weights are stored in. */
export const STORED_FLOATS: Readonly<Record<Precision, FloatFormat>> = {
  fp32: "F32",
  fp16: "F16",
  bf16: "BF16",
  int8: "F32",
};

/** What a graph calls the numbers of a checkpoint that can be read as it is. */
export function numbersOf(tensors: ReadonlyMap<string, StoredTensor>): FloatType {
  const types = new Set([...tensors.values()].map(({ type }) => type));
  if (types.has("F16")) return "float16";
  return types.has("BF16") ? "bfloat16" : "float";
}
