import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { below, type Random, seeded, useTempDir } from "@nightbeam/testing";
import { Tensor } from "onnxruntime-node";
import { beforeAll, describe, expect, it } from "vitest";
import { quantizeColumns } from "../../src/checkpoint/numbers.js";
import type { StoredTensor } from "../../src/checkpoint/stored-tensor.js";
import { CPU } from "../../src/devices/device.js";
import { GraphBuilder } from "../../src/onnx/graph-builder.js";
import type { ByteWeights } from "../../src/onnx/integer-product.js";
import { linear, rows, stepsName } from "../../src/onnx/linear.js";
import { Weights } from "../../src/onnx/weights.js";
import { exactByteWeights } from "../../src/runtime/exact-byte-weights.js";
import { openSession } from "../../src/runtime/session.js";

/** A linear layer, and rows that go through it. */
interface Product {
  readonly count: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Shape [count, inputs]. */
  readonly values: Float32Array;
  /** Shape [outputs, inputs]. */
  readonly weights: Float32Array<ArrayBuffer>;
  /** Shape [outputs]. */
  readonly bias: Float32Array<ArrayBuffer>;
}

/** The layer in JavaScript, with exact sums and float32 everywhere else. Shape [count, outputs]. */
function expectedOf({ count, inputs, outputs, values, weights, bias }: Product): Float32Array {
  const columns = quantizeColumns(weights, { inputs, outputs });
  const result = new Float32Array(count * outputs);
  for (let row = 0; row < count; row++) {
    const { bytes, step } = quantizeRow(values.subarray(row * inputs, (row + 1) * inputs));
    for (let output = 0; output < outputs; output++) {
      let sum = 0;
      for (let input = 0; input < inputs; input++) {
        sum += (bytes[input] ?? 0) * (columns.bytes[input * outputs + output] ?? 0);
      }
      const product = Math.fround(Math.fround(sum) * (columns.steps[output] ?? 0));
      result[row * outputs + output] = Math.fround(product * step) + (bias[output] ?? 0);
    }
  }
  return result;
}

function quantizeRow(row: Float32Array): { bytes: Int32Array; step: number } {
  const largest = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const step = Math.max(Math.fround(largest * Math.fround(1 / 127)), Math.fround(1e-30));
  return { bytes: Int32Array.from(row, (value) => toEven(Math.fround(value / step))), step };
}

/** To the nearest whole number; halves to the even one. */
function toEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
}

describe("a linear layer with int8 weights", () => {
  const temporary = useTempDir();
  const options = () => ({ directory: temporary(), threads: 1, device: CPU });
  let exact: ByteWeights;
  beforeAll(async () => {
    exact = await exactByteWeights(options());
    console.info(`this processor's sums are exact with weights as ${exact}`);
  });

  /** The layer in onnxruntime, with its weights in a file. */
  const foundOf = async (product: Product, byteWeights: ByteWeights) => {
    const { count, inputs, outputs, values, weights, bias } = product;
    const columns = quantizeColumns(weights, { inputs, outputs });
    const graph = new GraphBuilder("layer");
    const tensors = await stored(temporary(), [
      { name: stepsName("layer.weight"), type: "F32", shape: [outputs], data: columns.steps },
      { name: "layer.bias", type: "F32", shape: [outputs], data: bias },
      { name: "layer.weight", type: "I8", shape: [inputs, outputs], data: columns.bytes },
    ]);
    const value = linear(graph, new Weights(tensors, { byteWeights }), {
      layer: { name: "layer", inputs, outputs, bias: true },
      input: rows(graph, graph.input("values", "float", ["rows", inputs])),
    });
    graph.output("result", { value, type: "float", shape: ["rows", outputs] });
    const session = await openSession(graph.encode(), options());
    const feeds = { values: new Tensor("float32", values, [count, inputs]) };
    const result = (await session.run({ feeds }, ["result"])).floats("result");
    await session.release();
    return result;
  };

  it.each([
    [1, 64, 64],
    [5, 160, 240],
    [37, 100, 33],
    [70, 768, 96],
  ])("has exact sums: %i rows, %i inputs, %i outputs", async (count, inputs, outputs) => {
    const random = seeded(count);
    for (const fill of [anything, largest]) {
      const product = {
        ...{ count, inputs, outputs },
        values: fill(count * inputs, random),
        weights: fill(outputs * inputs, random),
        bias: anything(outputs, random),
      };
      // Among others, a row of zeros.
      if (count > 1) product.values.fill(0, 0, inputs);
      const expected = expectedOf(product);
      expect(await foundOf(product, exact)).toEqual(expected);
      // Wherever signed weights are exact, unsigned ones give the same bits.
      expect(await foundOf(product, "uint8")).toEqual(expected);
    }
  });
});

function anything(length: number, random: Random): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length }, () => 2 * random() - 1);
}

/** Numbers that become ±127: their products are the largest, and long runs of them have one sign. */
function largest(length: number, random: Random): Float32Array<ArrayBuffer> {
  let sign = 1;
  return Float32Array.from({ length }, () => {
    if (below(random, 50) === 0) sign = -sign;
    return sign;
  });
}

/** Writes tensors into one file. Floats first: their offsets stay aligned. */
async function stored(
  directory: string,
  tensors: readonly {
    name: string;
    type: string;
    shape: readonly number[];
    data: Float32Array<ArrayBuffer> | Int8Array<ArrayBuffer>;
  }[],
): Promise<ReadonlyMap<string, StoredTensor>> {
  const file = "layer.bin";
  const pieces = tensors.map(({ data }) => new Uint8Array(data.buffer));
  await writeFile(join(directory, file), Buffer.concat(pieces));
  let end = 0;
  return new Map(
    tensors.map(({ name, type, shape, data }) => {
      const offset = end;
      end += data.byteLength;
      return [name, { name, type, shape, directory, file, offset, length: data.byteLength }];
    }),
  );
}
