import { totalmem } from "node:os";
import type { Architecture } from "../architectures/architecture.js";
import type { Precision } from "../checkpoint/precision.js";
import type { StoredTensor } from "../checkpoint/stored-tensor.js";
import { type Device, deviceName } from "./device.js";
import { nvidiaGpus } from "./nvidia-gpus.js";

/** Bytes that a worker takes at least, once it is loaded. */
export interface MemoryNeed {
  readonly weights: number;
  /** What a full batch takes. */
  readonly batch: number;
}

/** A model that is about to be loaded. */
export interface PlannedModel {
  readonly device: Device;
  readonly precision: Precision;
  readonly architecture: Pick<Architecture, "isLinear" | "outputWeight">;
  /** As the checkpoint has them; conversions have as many elements. */
  readonly tensors: ReadonlyMap<string, Pick<StoredTensor, "name" | "shape">>;
  /** Sessions per worker that have the weights. */
  readonly graphs: number;
  /** Maximum bytes of a batch. */
  readonly maxBatchBytes: number;
}

/** Bytes of a weight. int8 is for linear layers alone. */
const WIDTHS: Readonly<Record<Precision, number>> = { fp32: 4, fp16: 2, bf16: 2, int8: 4 };

/**
 * On a GPU, all weights are copied there, and a worker that runs out of memory in the middle of a night
 * was loaded in vain: a full batch counts. On a CPU, only the matrices of linear layers are copied, and
 * batches and prompts that are kept grow with what is asked: they do not count.
 */
export function memoryNeed(model: PlannedModel): MemoryNeed {
  const { architecture, precision, graphs } = model;
  const width = WIDTHS[precision];
  const all = [...model.tensors.values()];
  if (model.device.kind === "cpu") {
    const linear = all.filter(({ name }) => architecture.isLinear(name));
    return { weights: graphs * elements(linear) * (precision === "int8" ? 1 : width), batch: 0 };
  }
  const output = all.filter(({ name }) => name === architecture.outputWeight);
  // In 16 bits, the output layer is kept in 32.
  const wider = elements(output) * (4 - width);
  return { weights: graphs * (elements(all) * width + wider), batch: model.maxBatchBytes };
}

function elements(tensors: readonly Pick<StoredTensor, "shape">[]): number {
  return tensors.reduce(
    (sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1),
    0,
  );
}

/** Why workers do not fit, with the arithmetic and what would help; undefined if they do. */
export function memoryProblem(
  need: MemoryNeed,
  options: { workers: number; device: Device; precision: Precision; memory: number },
): string | undefined {
  const { workers, device, precision, memory } = options;
  const each = need.weights + need.batch;
  if (workers * each <= memory) return undefined;
  const onCpu = device.kind === "cpu";
  const parts = onCpu
    ? `${gibibytes(need.weights)} of weights`
    : `${gibibytes(need.weights)} of weights + ${gibibytes(need.batch)} for a batch`;
  const sum = `${workers} ${workers === 1 ? "worker" : "workers"} with ${parts} = ${gibibytes(workers * each)}`;
  const place = onCpu ? "this machine has" : `${deviceName(device)} has free`;
  const fitting = Math.floor(memory / each);
  return `the model does not fit: ${sum}, and ${place} ${gibibytes(memory)}; ${remedy({ fitting, onCpu, precision })}`;
}

function remedy(options: { fitting: number; onCpu: boolean; precision: Precision }): string {
  const { fitting, onCpu, precision } = options;
  if (fitting > 0) return `use at most ${fitting} ${fitting === 1 ? "worker" : "workers"}`;
  if (precision !== "fp32") return "use a smaller model, or one with more memory";
  return `use precision ${onCpu ? "int8" : "fp16 or bf16"}, or a smaller model`;
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(bytes < 2 ** 30 ? 3 : 1)} GiB`;
}

/** Bytes that models can take on a device; undefined if nothing here knows. */
export async function availableMemory(device: Device): Promise<number | undefined> {
  switch (device.kind) {
    case "cpu":
      // 0, or more than there is, without a limit of the container.
      return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
    case "cuda": {
      const gpu = (await nvidiaGpus()).find(({ index }) => index === device.index);
      return gpu && gpu.freeMemory * 2 ** 20;
    }
    case "webgpu":
      return undefined;
    default:
      return device satisfies never;
  }
}
