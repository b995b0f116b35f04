const LARGEST = 65_504;
const NAN_BITS = 0x7e00;
/** From here on a 64-bit float has no fraction: adding it rounds to the nearest whole, ties to even. */
const ROUNDER = 2 ** 52;

/**
 * Numbers as IEEE 754 binary16, rounded to nearest, ties to even. What is larger than the largest
 * finite number becomes that, infinity included.
 */
export function toHalf(values: Float64Array): Uint16Array<ArrayBuffer> {
  const halves = new Uint16Array(values.length);
  const number = new DataView(new ArrayBuffer(8));
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    const size = Math.min(Math.abs(value), LARGEST);
    number.setFloat64(0, size);
    // Below 2 ** -14 the steps are those of 2 ** -14: subnormal numbers.
    const exponent = Math.max((number.getUint16(0) >>> 4) - 1023, -14);
    const fraction = size * 2 ** (10 - exponent) + ROUNDER - ROUNDER;
    // A normal number's leading one, 1024, adds one to the exponent's bits, and so does rounding up.
    const bits = ((exponent + 14) << 10) + fraction;
    const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
    halves[i] = Number.isNaN(value) ? NAN_BITS : sign | bits;
  }
  return halves;
}
