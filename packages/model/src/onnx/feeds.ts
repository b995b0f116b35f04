import { Tensor } from "onnxruntime-node";
import type { ShapeInput } from "./graph-builder.js";

/** Inputs of a graph, by name. */
export type Feeds = Record<string, Tensor>;

export function int32(data: Int32Array, dims: readonly number[]): Tensor {
  return new Tensor("int32", data, dims);
}

/** One-dimensional. */
export function int64(values: readonly number[]): Tensor {
  return new Tensor("int64", BigInt64Array.from(values, BigInt), [values.length]);
}

export function float32(data: Float32Array, dims: readonly number[]): Tensor {
  return new Tensor("float32", data, dims);
}

/** Token positions as int64. Pairs of int32, low half first: positions are small, and BigInt is slow. */
export function positionTensor(positions: ArrayLike<number>, dims: readonly number[]): Tensor {
  const pairs = new Int32Array(2 * positions.length);
  for (let at = 0; at < positions.length; at++) pairs[2 * at] = positions[at] ?? 0;
  return new Tensor("int64", new BigInt64Array(pairs.buffer), dims);
}

/** Numbers for the names in a graph's shapes. */
export type Sizes = Readonly<Record<string, number>>;

/** What a run brings: the graph's inputs, and numbers for the names in its shapes. */
export interface RunInputs {
  readonly feeds: Feeds;
  /** Default: the graph has no shapes to fill in. */
  readonly sizes?: Sizes | undefined;
}

/** The shapes of a graph as inputs. @throws RangeError for a name without a size */
export function shapeFeeds(shapes: readonly ShapeInput[], sizes: Sizes): Feeds {
  return Object.fromEntries(
    shapes.map(({ name, sizes: named }) => {
      const numbers = named.map((size) => (typeof size === "number" ? size : sizes[size]));
      if (numbers.includes(undefined)) throw new RangeError(`${name} lacks a size`);
      return [name, int64(numbers.map((size) => size ?? 0))];
    }),
  );
}
