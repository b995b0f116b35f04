import { isMainThread } from "node:worker_threads";
import type { Precision } from "../checkpoint/precision.js";
import { ModelError } from "../errors.js";
import { type Device, deviceName } from "./device.js";

/** cuBLAS's own switch for TF32, which rounds the inputs of float32 products to 10 bits of fraction. */
const TF32 = "NVIDIA_TF32_OVERRIDE";
/** Numbers GPUs as `nvidia-smi` does. CUDA's default puts the fastest first. */
const ORDER = "CUDA_DEVICE_ORDER";

/** The part of a process that decides how a GPU computes. */
export interface DeviceProcess {
  readonly env: NodeJS.ProcessEnv;
  /** Only the main thread's `process.env` is the environment that native libraries read. */
  readonly isMainThread: boolean;
}

/**
 * Checks that a device can compute in a precision, and sets the environment variables that CUDA reads
 * when its libraries are loaded. onnxruntime-node has no options for these. Threads that are started
 * later see them too.
 *
 * @throws ModelError UNSUPPORTED
 */
export function prepareDevice(
  device: Device,
  options: { precision: Precision; process?: DeviceProcess },
): void {
  const { precision, process: { env, isMainThread: isMain } = thisProcess() } = options;
  if (device.kind === "cpu") {
    if (precision !== "bf16") return;
    throw new ModelError("UNSUPPORTED", "bf16 runs on GPUs alone: on a CPU use fp32 or int8");
  }
  if (precision === "int8") {
    throw new ModelError(
      "UNSUPPORTED",
      `int8 runs on CPUs alone: leave out the device ${deviceName(device)}, or use another precision`,
    );
  }
  if (device.kind !== "cuda") return;
  const set = env[TF32];
  if (set === undefined && !isMain) {
    throw new ModelError(
      "UNSUPPORTED",
      `set ${TF32}=0 before this process starts: a model on ${deviceName(device)} that is opened in a worker thread cannot switch TF32 off itself`,
    );
  }
  if (set !== undefined && set !== "0") {
    throw new ModelError(
      "UNSUPPORTED",
      `${TF32}=${set} lets ${deviceName(device)} round the inputs of float32 products to 10 bits, which is not ${precision}: unset it, or set it to 0`,
    );
  }
  if (!isMain) return;
  env[TF32] = "0";
  env[ORDER] ??= "PCI_BUS_ID";
}

function thisProcess(): DeviceProcess {
  return { env: process.env, isMainThread };
}
