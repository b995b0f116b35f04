import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromFloat32, quantizeColumns, toFloat32 } from "../../src/checkpoint/numbers.js";

const tensor = (type: string) => ({ name: "w", type, shape: [1], file: "f", offset: 0, length: 0 });

/** A half as its bits spell it: an independent way to its value. */
function halfByDigits(bits: number): number {
  const digits = bits.toString(2).padStart(16, "0");
  const exponent = Number.parseInt(digits.slice(1, 6), 2);
  const fraction = Number.parseInt(digits.slice(6), 2);
  const size =
    exponent === 31
      ? fraction === 0
        ? Number.POSITIVE_INFINITY
        : Number.NaN
      : exponent === 0
        ? fraction / 2 ** 24
        : ((1024 + fraction) / 1024) * 2 ** (exponent - 15);
  return digits.startsWith("1") ? -size : size;
}

describe("numbers of a checkpoint", () => {
  it("in half precision are taken exactly, all of them", () => {
    const halves = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);
    const floats = toFloat32(tensor("F16"), halves.buffer);
    expect(floats).toEqual(Float32Array.from(halves, halfByDigits));
  });

  it("in bfloat16 are the upper halves of floats", () => {
    const floats = Float32Array.of(0, -0, 1, -1.5, 3.140625, 2 ** 100, Number.NEGATIVE_INFINITY);
    const halves = Uint16Array.from(new Uint32Array(floats.buffer), (bits) => bits >>> 16);
    expect(toFloat32(tensor("BF16"), halves.buffer)).toEqual(floats);
  });

  it("in float32 stay as they are", () => {
    const floats = Float32Array.of(1, 2, 3.3);
    expect(toFloat32(tensor("F32"), floats.buffer)).toEqual(floats);
  });

  describe.each(["F16", "BF16"] as const)("become %s", (type) => {
    const become = (values: Float32Array<ArrayBuffer>) =>
      new Uint16Array(fromFloat32({ name: "w" }, { values, to: type }).buffer);

    it("and stay the same if they are such numbers already", () => {
      const all = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);
      const floats = toFloat32(tensor(type), all.buffer);
      const again = toFloat32(tensor(type), become(floats).buffer);
      expect(again).toEqual(floats);
    });

    it("the nearest of them, the even one of two", () => {
      const largest = type === "F16" ? 65_504 : 2 ** 127;
      fc.assert(
        fc.property(
          fc.float({ noNaN: true, min: -largest, max: largest }),
          fc.boolean(),
          (value, halfway) => {
            const numberOf = (bits: number) =>
              toFloat32(tensor(type), Uint16Array.of(bits).buffer)[0] ?? Number.NaN;
            const [bits = 0] = become(Float32Array.of(value));
            // Numbers of one sign are in the order of their bits.
            const tie = Math.fround((numberOf(bits) + numberOf(bits + 1)) / 2);
            const asked = halfway && Math.abs(tie) <= largest ? tie : Math.fround(value);
            const [found = 0] = become(Float32Array.of(asked));
            const error = Math.abs(numberOf(found) - asked);
            for (const other of [found - 1, found + 1].filter((one) => (one & 0x7fff) <= 0x7bff)) {
              const otherError = Math.abs(numberOf(other) - asked);
              expect(error).toBeLessThanOrEqual(otherError);
              if (error === otherError && error > 0) expect(found % 2).toBe(0);
            }
          },
        ),
        { numRuns: 500 },
      );
    });
  });

  it("that fp16 cannot hold are refused, by the tensor's name", () => {
    const values = Float32Array.of(1, 70_000);
    const refused = () => fromFloat32({ name: "w" }, { values, to: "F16" });
    expect(refused).toThrow("tensor w has 70000, which fp16 cannot hold; use bf16");
    expect(fromFloat32({ name: "w" }, { values, to: "BF16" })).toHaveLength(4);
  });

  it("in other types are refused by name", () => {
    expect(() => toFloat32(tensor("F64"), new ArrayBuffer(8))).toThrow(/tensor w is F64/);
    expect(() => toFloat32(tensor("I8"), new ArrayBuffer(8))).toThrow(/tensor w is I8/);
  });

  it("become bytes that are off by at most half a step of their output", () => {
    const some = fc
      .record({ inputs: fc.integer({ min: 1, max: 9 }), outputs: fc.integer({ min: 1, max: 9 }) })
      .chain((size) =>
        fc.record({
          size: fc.constant(size),
          weights: fc.float32Array({
            minLength: size.inputs * size.outputs,
            maxLength: size.inputs * size.outputs,
            noNaN: true,
            noDefaultInfinity: true,
            min: -1e6,
            max: 1e6,
          }),
        }),
      );
    fc.assert(
      fc.property(some, ({ size, weights }) => {
        const { bytes, steps } = quantizeColumns(weights, size);
        for (let output = 0; output < size.outputs; output++) {
          const step = steps[output] ?? Number.NaN;
          for (let input = 0; input < size.inputs; input++) {
            const weight = weights[output * size.inputs + input] ?? Number.NaN;
            const byte = bytes[input * size.outputs + output] ?? Number.NaN;
            expect(Math.abs(byte)).toBeLessThanOrEqual(127);
            expect(Math.abs(weight - byte * step)).toBeLessThanOrEqual(0.5001 * step + 1e-40);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
