import { InferenceSession, Tensor } from "onnxruntime-node";
import { GraphBuilder } from "../onnx/graph-builder.js";
import type { Device } from "./device.js";
import { deviceOptions } from "./session-options.js";

/*
 * A process of its own, because a library that does not fit the machine may end its process. It opens
 * and runs a tiny session on the device in its first argument, in JSON. Exit code 0: the device works.
 */

const SIZE = 4;

async function probe(device: Device): Promise<void> {
  const graph = new GraphBuilder("probe");
  const weights = graph.floats("weights", new Float32Array(SIZE * SIZE).fill(0.5), [SIZE, SIZE]);
  const rows = graph.input("rows", "float", [SIZE, SIZE]);
  const product = graph.node("MatMul", [rows, weights]);
  graph.output("product", { value: product, type: "float", shape: [SIZE, SIZE] });
  const session = await InferenceSession.create(graph.encode().model, deviceOptions(device));
  const ones = new Float32Array(SIZE * SIZE).fill(1);
  const results = await session.run({ rows: new Tensor("float32", ones, [SIZE, SIZE]) });
  const wrong = [...(results.product?.data ?? [])].some((value) => value !== SIZE / 2);
  if (wrong) throw new Error("a product of small matrices is wrong");
  await session.release();
}

try {
  await probe(JSON.parse(process.argv[2] ?? ""));
} catch (error) {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
}
