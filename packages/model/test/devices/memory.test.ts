import { openModel } from "@nightbeam/model";
import { refusal, useTempDir } from "@nightbeam/testing";
import { ScorerWorld } from "@nightbeam/testing/conformance";
import { describe, expect, it } from "vitest";
import type { Precision } from "../../src/checkpoint/precision.js";
import type { Device } from "../../src/devices/device.js";
import { memoryNeed, memoryProblem } from "../../src/devices/memory.js";

const CPU: Device = { kind: "cpu" };
const GPU: Device = { kind: "cuda", index: 1 };
const GIB = 2 ** 30;

/** 6 Gi weights in linear layers, 1 Gi each in embeddings and output layer. */
const TENSORS = new Map(
  [
    { name: "layers", shape: [6 * 2 ** 10, 2 ** 20] },
    { name: "embeddings", shape: [2 ** 10, 2 ** 20] },
    { name: "output", shape: [2 ** 10, 2 ** 20] },
  ].map((tensor) => [tensor.name, tensor]),
);

function need(device: Device, precision: Precision, graphs = 1) {
  const architecture = {
    isLinear: (name: string) => name === "layers",
    outputWeight: "output",
  };
  const model = { architecture, tensors: TENSORS, graphs, maxBatchBytes: GIB };
  return memoryNeed({ device, precision, ...model });
}

describe("the memory of a model", () => {
  it("is all weights and a batch on a GPU, with the output layer in 32 bits", () => {
    expect(need(GPU, "fp32")).toEqual({ weights: 32 * GIB, batch: GIB });
    expect(need(GPU, "fp16")).toEqual({ weights: 18 * GIB, batch: GIB });
    expect(need(GPU, "bf16")).toEqual(need(GPU, "fp16"));
  });

  it("is the matrices of each graph on a CPU, and nothing that grows with use", () => {
    expect(need(CPU, "fp32")).toEqual({ weights: 24 * GIB, batch: 0 });
    expect(need(CPU, "fp32", 2)).toEqual({ weights: 48 * GIB, batch: 0 });
    expect(need(CPU, "int8")).toEqual({ weights: 6 * GIB, batch: 0 });
  });

  const problem = (
    device: Device,
    precision: Precision,
    { workers, memory }: { workers: number; memory: number },
  ) => memoryProblem(need(device, precision), { workers, device, precision, memory });

  it("fits up to the last byte", () => {
    expect(problem(GPU, "fp16", { workers: 2, memory: 38 * GIB })).toBeUndefined();
    expect(problem(GPU, "fp16", { workers: 2, memory: 38 * GIB - 1 })).toBeDefined();
  });

  it("that does not fit is in the message, with the arithmetic and what would help", () => {
    expect(problem(GPU, "fp16", { workers: 2, memory: 24 * GIB })).toBe(
      "the model does not fit: 2 workers with 18.0 GiB of weights + 1.0 GiB for a batch = 38.0 GiB, and cuda:1 has free 24.0 GiB; use at most 1 worker",
    );
    expect(problem(CPU, "fp32", { workers: 3, memory: 50 * GIB })).toBe(
      "the model does not fit: 3 workers with 24.0 GiB of weights = 72.0 GiB, and this machine has 50.0 GiB; use at most 2 workers",
    );
    expect(problem(GPU, "fp32", { workers: 1, memory: 24 * GIB })).toContain(
      "use precision fp16 or bf16, or a smaller model",
    );
    expect(problem(CPU, "fp32", { workers: 1, memory: 8 * GIB })).toContain("use precision int8");
    expect(problem(CPU, "int8", { workers: 1, memory: GIB })).toContain("use a smaller model");
  });
});

describe("a model that does not fit", () => {
  const temporary = useTempDir();

  it("is refused before it is loaded", async () => {
    const world = await ScorerWorld.write({ parent: temporary(), name: "model", shape: {} });
    const { directory, catalogue } = world;
    const one = { threads: 1, cacheBytes: 0, cacheDirectory: temporary() };
    const workers = 1e9;
    const refused = await refusal(
      openModel({ directory, catalogue, scoring: "full", precision: "fp32", workers, ...one }),
    );
    expect(refused.code).toBe("TOO_LARGE");
    expect(refused.message).toMatch(/^.*model: the model does not fit: 1000000000 workers with/);
  });
});
