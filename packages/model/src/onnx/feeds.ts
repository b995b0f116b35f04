import { Tensor } from "onnxruntime-node";

/** Inputs of a graph, by name. */
export type Feeds = Record<string, Tensor>;

export function int32(data: Int32Array, dims: readonly number[]): Tensor {
  return new Tensor("int32", data, dims);
}

/** One-dimensional. */
export function int64(values: readonly number[]): Tensor {
  return new Tensor("int64", BigInt64Array.from(values, BigInt), [values.length]);
}
