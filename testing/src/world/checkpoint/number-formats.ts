/** Number formats of a checkpoint, with safetensors' names. */
export type TensorFormat = "F32" | "F16" | "BF16";

/** Bytes of one number. */
export function bytesOf(format: TensorFormat): number {
  return format === "F32" ? 4 : 2;
}

/** The numbers as little-endian bytes, rounded to nearest, ties to even. */
export function encodeNumbers(values: Float32Array, format: TensorFormat): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * bytesOf(format)));
  values.forEach((value, i) => {
    if (format === "F32") view.setFloat32(4 * i, value, true);
    else view.setUint16(2 * i, format === "F16" ? halfBits(value) : bfloatBits(value), true);
  });
  return new Uint8Array(view.buffer);
}

function bfloatBits(value: number): number {
  const bits = floatBits(value);
  // Half of the last kept bit, minus one if that bit is even: a tie goes to the even side.
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

function halfBits(value: number): number {
  const sign = value < 0 ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65_520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24);
  const exponent = (floatBits(size) >>> 23) - 127;
  // A mantissa that rounds up to 2048 carries into the exponent, as it should.
  return sign | (((exponent + 15) << 10) + roundToEven(size / 2 ** (exponent - 10)) - 1024);
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0);
}

function floatBits(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return view.getUint32(0);
}
