import { ModelError } from "../errors.js";
import type { StoredTensor } from "./stored-tensor.js";

/**
 * A stored tensor as 32-bit floats. Every half-precision number is one exactly.
 *
 * @param bytes of the tensor; 32-bit floats are used in place
 * @throws ModelError UNSUPPORTED for other types than F32, F16 and BF16
 */
export function toFloat32(
  tensor: Pick<StoredTensor, "name" | "type">,
  bytes: ArrayBuffer,
): Float32Array<ArrayBuffer> {
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

/** Types of floating-point numbers, as safetensors names them. */
export type FloatFormat = "F32" | "F16" | "BF16";

export function isFloatFormat(type: string): type is FloatFormat {
  return type === "F32" || type === "F16" || type === "BF16";
}

/**
 * 32-bit floats as bytes of another type, rounded to nearest, ties to even.
 *
 * @throws ModelError UNSUPPORTED if a finite number is outside the range of F16
 */
export function fromFloat32(
  tensor: Pick<StoredTensor, "name">,
  { values, to }: { values: Float32Array<ArrayBuffer>; to: FloatFormat },
): Uint8Array<ArrayBuffer> {
  if (to === "F32") return new Uint8Array(values.buffer);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < halves.length; i++) {
    const half = to === "BF16" ? bfloat16Of(bits[i] ?? 0) : halfOf(values[i] ?? 0, bits[i] ?? 0);
    if (half === OVERFLOW) {
      throw new ModelError(
        "UNSUPPORTED",
        `tensor ${tensor.name} has ${values[i]}, which fp16 cannot hold; use bf16`,
      );
    }
    halves[i] = half;
  }
  return new Uint8Array(halves.buffer);
}

const OVERFLOW = -1;

/** Half of the last kept bit, less one if that bit is even: a tie goes to the even side. */
function bfloat16Of(bits: number): number {
  // NaN keeps its upper half: rounding could carry it to infinity.
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 1;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

function halfOf(value: number, bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return sign | 0x7e00;
  if (size === Number.POSITIVE_INFINITY) return sign | 0x7c00;
  if (size >= 65_520) return OVERFLOW;
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24);
  const exponent = ((bits >>> 23) & 0xff) - 127;
  // A fraction that rounds up to 2048 carries into the exponent, as it should.
  return sign | (((exponent + 15) << 10) + roundToEven(size * 2 ** (10 - exponent)) - 1024);
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0);
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
