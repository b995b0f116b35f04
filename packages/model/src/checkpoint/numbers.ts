import { ModelError } from "../errors.js";
import type { StoredTensor } from "./safetensors.js";

/**
 * A stored tensor as 32-bit floats. Every half-precision number is one exactly.
 *
 * @param bytes of the tensor; 32-bit floats are used in place
 * @throws ModelError UNSUPPORTED for other types than F32, F16 and BF16
 */
export function toFloat32(tensor: StoredTensor, bytes: ArrayBuffer): Float32Array<ArrayBuffer> {
  switch (tensor.type) {
    case "F32":
      return new Float32Array(bytes);
    case "BF16":
      return fromBfloat16(new Uint16Array(bytes));
    case "F16":
      return fromFloat16(new Uint16Array(bytes));
    default:
      throw new ModelError(
        "UNSUPPORTED",
        `tensor ${tensor.name} is ${tensor.type}; F32, F16 and BF16 are supported`,
      );
  }
}

// Loops below: `from` with a function takes ten times as long, and models have billions of weights.

/** bfloat16 is the upper half of a float32. */
function fromBfloat16(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < bits.length; i++) bits[i] = (halves[i] ?? 0) << 16;
  return new Float32Array(bits.buffer);
}

function fromFloat16(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const floats = new Float32Array(halves.length);
  for (let i = 0; i < floats.length; i++) floats[i] = floatOfHalf(halves[i] ?? 0);
  return floats;
}

/** IEEE 754 binary16: a sign, five bits of exponent, ten of fraction. */
function floatOfHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * A linear layer's matrix as signed bytes with a step for every output (absolute maximum / 127),
 * rounded to nearest.
 *
 * @param weights shape [outputs, inputs], as Hugging Face stores it
 * @returns bytes of shape [inputs, outputs], as integer products want it; steps of shape [outputs]
 */
export function quantizeColumns(
  weights: Float32Array,
  size: { inputs: number; outputs: number },
): { bytes: Int8Array<ArrayBuffer>; steps: Float32Array<ArrayBuffer> } {
  const { inputs, outputs } = size;
  const bytes = new Int8Array(inputs * outputs);
  const steps = new Float32Array(outputs);
  for (let output = 0; output < outputs; output++) {
    const row = weights.subarray(output * inputs, (output + 1) * inputs);
    let largest = 0;
    for (const weight of row) largest = Math.max(largest, Math.abs(weight));
    const step = largest / 127 || 1;
    steps[output] = step;
    for (let input = 0; input < inputs; input++) {
      bytes[input * outputs + output] = Math.round((row[input] ?? 0) / step);
    }
  }
  return { bytes, steps };
}
