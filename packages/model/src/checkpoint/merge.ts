import { type FloatFormat, fromFloat32, toFloat32 } from "./numbers.js";
import { readTensor, type StoredTensor } from "./stored-tensor.js";

/** What an adapter does to a tensor of the base. */
export interface Change {
  /** W + scale · B·A. Shapes: W [outputs, inputs], B [outputs, rank], A [rank, inputs]. */
  readonly product?:
    | {
        readonly a: StoredTensor;
        readonly b: StoredTensor;
        readonly scale: number;
        /** Whether it is B·A transposed, as for embeddings. */
        readonly transposed: boolean;
      }
    | undefined;
  /** Rows that are replaced. Shape of the values: [rows, inputs]. */
  readonly rows?:
    | { readonly indices: readonly number[]; readonly values: StoredTensor }
    | undefined;
  /** The base's numbers: peft merges in them. */
  readonly storedAs: FloatFormat;
}

/**
 * The numbers of a tensor after a change, as peft's `merge_and_unload` computes them: sums and products in
 * float32, rounded to the base's numbers at the end.
 *
 * @throws ModelError UNSUPPORTED as `toFloat32`, and for results outside the range of F16
 */
export async function changedNumbers(
  tensor: StoredTensor,
  { product, rows, storedAs }: Change,
): Promise<Float32Array<ArrayBuffer>> {
  const values = await numbersOf(tensor);
  const [, width = 1] = tensor.shape;
  if (product !== undefined) {
    const a = await numbersOf(product.a);
    const b = await numbersOf(product.b);
    const [rank = 1] = product.a.shape;
    const [left, right] = product.transposed ? [transpose(a, rank), transpose(b, width)] : [b, a];
    addProduct(values, { left, right, rank, scale: product.scale });
  }
  if (rows !== undefined) {
    const replaced = await numbersOf(rows.values);
    rows.indices.forEach((row, i) => {
      values.set(replaced.subarray(i * width, (i + 1) * width), row * width);
    });
  }
  if (storedAs === "F32") return values;
  const bytes = fromFloat32(tensor, { values, to: storedAs });
  return toFloat32({ ...tensor, type: storedAs }, bytes.buffer);
}

async function numbersOf(tensor: StoredTensor): Promise<Float32Array<ArrayBuffer>> {
  return toFloat32(tensor, await readTensor(tensor));
}

/** A matrix of `rows` rows with its axes exchanged. */
function transpose(values: Float32Array, rows: number): Float32Array {
  const columns = values.length / rows;
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = values[row * columns + column] ?? 0;
    }
  }
  return result;
}

/** values += scale · left·right, every step in float32. Shapes: left [outputs, rank], right [rank, inputs]. */
function addProduct(
  values: Float32Array,
  options: { left: Float32Array; right: Float32Array; rank: number; scale: number },
): void {
  const { left, right, rank } = options;
  const scale = Math.fround(options.scale);
  const outputs = left.length / rank;
  const inputs = right.length / rank;
  // An array of float32: each assignment rounds.
  const sums = new Float32Array(inputs);
  for (let output = 0; output < outputs; output++) {
    sums.fill(0);
    for (let k = 0; k < rank; k++) {
      const weight = left[output * rank + k] ?? 0;
      for (let input = 0; input < inputs; input++) {
        sums[input] = (sums[input] ?? 0) + weight * (right[k * inputs + input] ?? 0);
      }
    }
    for (let input = 0; input < inputs; input++) {
      const at = output * inputs + input;
      values[at] = (values[at] ?? 0) + Math.fround((sums[input] ?? 0) * scale);
    }
  }
}
