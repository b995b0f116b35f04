import { InferenceSession } from "onnxruntime-node";
import { type Device, deviceName } from "../devices/device.js";
import { explainFailure } from "../devices/explain-failure.js";
import { deviceOptions } from "../devices/session-options.js";
import { ModelError } from "../errors.js";
import { type RunInputs, shapeFeeds } from "../onnx/feeds.js";
import type { EncodedGraph } from "../onnx/graph-builder.js";
import { RunOutputs } from "../onnx/outputs.js";

export interface SessionOptions {
  /** Directory that the graph's weights are in. */
  readonly directory: string;
  /** Threads that share one operator. */
  readonly threads: number;
  readonly device: Device;
}

/** One graph loaded into onnxruntime. Runs block the thread they are called on. */
export interface Session {
  /** @throws ModelError RUNTIME */
  run(inputs: RunInputs, fetches: readonly string[]): Promise<RunOutputs>;
  /** Frees native memory; it is not reclaimed otherwise. */
  release(): Promise<void>;
}

/** @throws ModelError RUNTIME */
export async function openSession(graph: EncodedGraph, options: SessionOptions): Promise<Session> {
  const { directory, threads, device } = options;
  const { executionProviders, extra } = deviceOptions(device);
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(graph.model, {
      executionProviders,
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      // onnxruntime would keep a plan per shape, and the number of shapes is unbounded.
      enableMemPattern: false,
      // Fatal only: errors are thrown, and reported once.
      logSeverityLevel: 4,
      extra: {
        ...extra,
        session: {
          ...extra.session,
          model_external_initializers_file_folder_path: directory,
          // Idle threads that spin take the processor from the other model and from the search.
          intra_op: { allow_spinning: threads > 1 ? "1" : "0" },
        },
      },
    });
  } catch (cause) {
    throw new ModelError("RUNTIME", await loadFailure(options, cause), { cause });
  }
  return {
    async run({ feeds, sizes = {} }, fetches) {
      const all = { ...feeds, ...shapeFeeds(graph.shapes, sizes) };
      try {
        return new RunOutputs(await session.run(all, [...fetches]));
      } catch (cause) {
        throw new ModelError("RUNTIME", `onnxruntime failed to run the model: ${String(cause)}`, {
          cause,
        });
      }
    },
    release: () => session.release(),
  };
}

async function loadFailure({ directory, device }: SessionOptions, cause: unknown): Promise<string> {
  const what = `onnxruntime cannot load the model of ${directory}`;
  if (device.kind === "cpu") return `${what}: ${String(cause)}`;
  const problems = await explainFailure(device, String(cause));
  const known = problems.map((problem) => `${problem.what}: ${problem.remedy}`).join("; ");
  return `${what} on ${deviceName(device)}: ${known || String(cause)}. nightbeam devices shows what works here`;
}
