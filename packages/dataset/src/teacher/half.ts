const LARGEST = 65_504;
const NAN_BITS = 0x7e00;
/** From here on, float64 has no fraction: adding it rounds to the nearest integer, ties to even. */
const ROUNDER = 2 ** 52;

/**
 * Numbers as IEEE 754 binary16, rounded to nearest, ties to even. Larger numbers than the largest finite
 * one, infinity included, become that one.
 */
export function toHalf(values: Float64Array): Uint16Array<ArrayBuffer> {
  const halves = new Uint16Array(values.length);
  const number = new DataView(new ArrayBuffer(8));
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    const size = Math.min(Math.abs(value), LARGEST);
    number.setFloat64(0, size);
    // Subnormal numbers: below 2 ** -14 the step size stays the same.
    const exponent = Math.max((number.getUint16(0) >>> 4) - 1023, -14);
    const fraction = size * 2 ** (10 - exponent) + ROUNDER - ROUNDER;
    // The leading one of a normal number, 1024, adds one to the exponent bits, and so does rounding up.
    const bits = ((exponent + 14) << 10) + fraction;
    const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
    halves[i] = Number.isNaN(value) ? NAN_BITS : sign | bits;
  }
  return halves;
}
