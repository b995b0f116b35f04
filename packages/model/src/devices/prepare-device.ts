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

export interface PrepareOptions {
  readonly precision: Precision;
  /** Default: false. See `ModelOptions`. */
  readonly allowTf32?: boolean;
  /** Default: this one. */
  readonly process?: DeviceProcess;
}

/**
 * Checks that a device can compute in a precision, and sets the environment variables that CUDA reads
 * when its libraries are loaded. onnxruntime-node has no options for these. Threads that are started
 * later see them too.
 *
 * @throws ModelError UNSUPPORTED
 */
export function prepareDevice(device: Device, options: PrepareOptions): void {
  checkPrecision(device, options.precision);
  if (device.kind !== "cuda") return;
  const { env, isMainThread: canSet } = options.process ?? { env: process.env, isMainThread };
  const problem = tf32Problem(options, env[TF32], canSet);
  if (problem !== undefined) {
    throw new ModelError("UNSUPPORTED", `${deviceName(device)}: ${problem}`);
  }
  if (!canSet) return;
  if (options.allowTf32 !== true) env[TF32] ??= "0";
  env[ORDER] ??= "PCI_BUS_ID";
}

function checkPrecision(device: Device, precision: Precision): void {
  const onCpu = device.kind === "cpu";
  if (precision === "bf16" && onCpu) {
    throw new ModelError("UNSUPPORTED", "bf16 runs on GPUs alone: on a CPU use fp32 or int8");
  }
  if (precision === "int8" && !onCpu) {
    throw new ModelError("UNSUPPORTED", "int8 runs on CPUs alone: on a GPU use fp16 or bf16");
  }
}

function tf32Problem(
  { precision, allowTf32 = false }: PrepareOptions,
  set: string | undefined,
  canSet: boolean,
): string | undefined {
  if (allowTf32) return set === "0" ? `${TF32}=0 switches TF32 off; unset it` : undefined;
  // In 16 bits, all inputs of float32 products are 16-bit numbers, which TF32 holds exactly.
  if (precision !== "fp32" || set === "0" || (set === undefined && canSet)) return undefined;
  return set === undefined
    ? `set ${TF32}=0 before this process starts: a worker thread cannot switch TF32 off itself`
    : `${TF32}=${set} lets it round the inputs of float32 products to 10 bits, which is not fp32; unset it, or set it to 0`;
}
