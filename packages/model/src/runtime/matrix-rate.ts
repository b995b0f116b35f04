import { Worker } from "node:worker_threads";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { ModelError } from "../errors.js";
import { GraphBuilder } from "../onnx/graph-builder.js";

/** Side of the square matrices. Of 512, 1024 and 2048, machines are fastest at this one, so it is the strictest measure. */
const SIZE = 512;

/**
 * Rate of float32 matrix products in the runtime that runs the models, with as many threads at once
 * as there are workers: GFLOP/s, the sum over threads of each median.
 *
 * @throws ModelError RUNTIME
 */
export async function measureMatrixRate(options: {
  workers: number;
  milliseconds?: number;
}): Promise<number> {
  const milliseconds = options.milliseconds ?? 1000;
  const rates = await Promise.all(
    Array.from({ length: options.workers }, () => rateOfThread(milliseconds)),
  );
  return rates.reduce((sum, rate) => sum + rate, 0);
}

function rateOfThread(milliseconds: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (cause: unknown) =>
      reject(
        new ModelError("RUNTIME", `measuring matrix products failed: ${String(cause)}`, { cause }),
      );
    const thread = new Worker(new URL("./matrix-rate-worker.js", import.meta.url), {
      workerData: milliseconds,
    });
    thread.once("message", resolve);
    thread.once("error", failed);
    thread.once("exit", (code) => failed(`the thread ended with code ${code}`));
  });
}

/** The rate of one thread, in GFLOP/s. Blocks the thread. */
export async function matrixRate(milliseconds: number): Promise<number> {
  const graph = new GraphBuilder("matrix_rate");
  const weights = graph.floats("weights", new Float32Array(SIZE * SIZE).fill(0.5), [SIZE, SIZE]);
  const product = graph.node("Gemm", [graph.input("rows", "float", [SIZE, SIZE]), weights], {
    attributes: { transB: { int: 1 } },
  });
  // A single row leaves the graph: the product is timed, not the copy of its result.
  const one = graph.node("Slice", [product, graph.int64s([0]), graph.int64s([1])]);
  graph.output("one", { value: one, type: "float", shape: [1, SIZE] });
  const session = await InferenceSession.create(graph.encode().model, { intraOpNumThreads: 1 });
  const feeds = {
    rows: new Tensor("float32", new Float32Array(SIZE * SIZE).fill(0.5), [SIZE, SIZE]),
  };
  const rates: number[] = [];
  const end = performance.now() + milliseconds;
  try {
    do {
      const started = performance.now();
      await session.run(feeds);
      rates.push((2 * SIZE ** 3) / ((performance.now() - started) * 1e6));
    } while (performance.now() < end);
  } finally {
    await session.release();
  }
  return rates.toSorted((a, b) => a - b)[rates.length >> 1] ?? 0;
}
