import { Tensor } from "onnxruntime-node";
import { type EncodedGraph, GraphBuilder } from "../onnx/graph-builder.js";
import { type ByteWeights, integerProduct } from "../onnx/integer-product.js";
import { openSession, type SessionOptions } from "./session.js";

const [ROWS, INPUTS, OUTPUTS] = [2, 64, 32];
/** Largest bytes of a weight and of a quantised row, from their zero points. */
const LARGEST = 127;

/**
 * The kind of int8 weights that this machine multiplies exactly: signed, or else unsigned. Processors
 * without instructions for it (VNNI on x86) add two products of an unsigned and a signed byte in 16 bits,
 * and limit the sum to what fits. Unsigned bytes are widened first everywhere.
 *
 * Measured rather than looked up: a product of the largest numbers, in the runtime that runs the model.
 *
 * @throws ModelError RUNTIME
 */
export async function exactByteWeights(options: SessionOptions): Promise<ByteWeights> {
  const session = await openSession(largestProduct(), options);
  try {
    const rows = new Uint8Array(ROWS * INPUTS).fill(128 + LARGEST);
    rows.fill(128 - LARGEST, INPUTS);
    const feeds = { rows: new Tensor("uint8", rows, [ROWS, INPUTS]) };
    const sums = (await session.run({ feeds }, ["sums"])).floats("sums");
    const isExact = sums.every((sum, at) => {
      const row = Math.floor(at / OUTPUTS);
      return sum === INPUTS * LARGEST ** 2 * (row === 0 ? 1 : -1) * signOf(at % OUTPUTS);
    });
    return isExact ? "int8" : "uint8";
  } finally {
    await session.release();
  }
}

/** Columns of the largest weights, in turn positive and negative. */
function signOf(column: number): number {
  return column % 2 === 0 ? 1 : -1;
}

function largestProduct(): EncodedGraph {
  const graph = new GraphBuilder("largest_product");
  const bytes = Int8Array.from({ length: INPUTS * OUTPUTS }, (_, at) => LARGEST * signOf(at));
  const sums = integerProduct(graph, {
    rows: graph.input("rows", "uint8", [ROWS, INPUTS]),
    matrix: graph.tensor("matrix", {
      type: "int8",
      dims: [INPUTS, OUTPUTS],
      data: { raw: new Uint8Array(bytes.buffer) },
    }),
    steps: graph.floats("steps", new Float32Array(OUTPUTS).fill(1), [OUTPUTS]),
    byteWeights: "int8",
  });
  graph.output("sums", { value: sums, type: "float", shape: [ROWS, OUTPUTS] });
  return graph.encode();
}
