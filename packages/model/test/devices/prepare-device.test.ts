import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import type { Device } from "../../src/devices/device.js";
import { prepareDevice } from "../../src/devices/prepare-device.js";

const CUDA: Device = { kind: "cuda", index: 1 };

function prepared(
  device: Device,
  env: NodeJS.ProcessEnv,
  {
    precision = "fp32",
    isMainThread = true,
  }: { precision?: "fp32" | "int8"; isMainThread?: boolean } = {},
): NodeJS.ProcessEnv {
  prepareDevice(device, { precision, process: { env, isMainThread } });
  return env;
}

describe("a process for CUDA", () => {
  it("has TF32 off, and numbers GPUs as nvidia-smi does", () => {
    const expected = { NVIDIA_TF32_OVERRIDE: "0", CUDA_DEVICE_ORDER: "PCI_BUS_ID" };
    expect(prepared(CUDA, {})).toEqual(expected);
    expect(prepared(CUDA, { NVIDIA_TF32_OVERRIDE: "0" })).toEqual(expected);
    const chosen = { CUDA_DEVICE_ORDER: "FASTEST_FIRST" };
    expect(prepared(CUDA, chosen)).toMatchObject({ CUDA_DEVICE_ORDER: "FASTEST_FIRST" });
  });

  it("is refused if it asks for TF32, or if TF32 cannot be switched off any more", () => {
    expect(() => prepared(CUDA, { NVIDIA_TF32_OVERRIDE: "1" })).toThrow(
      "NVIDIA_TF32_OVERRIDE=1 lets cuda:1 round the inputs of float32 products to 10 bits",
    );
    expect(() => prepared(CUDA, {}, { isMainThread: false })).toThrow(
      "set NVIDIA_TF32_OVERRIDE=0 before this process starts",
    );
    const ready = { NVIDIA_TF32_OVERRIDE: "0" };
    expect(prepared(CUDA, { ...ready }, { isMainThread: false })).toEqual(ready);
  });

  it("is refused in int8, as any GPU", () => {
    for (const device of [CUDA, { kind: "webgpu" }] as const) {
      expect(() => prepared(device, {}, { precision: "int8" })).toThrow("int8 runs on CPUs alone");
    }
  });
});

it("other devices leave the environment alone, whatever it says of TF32", () => {
  const env = { NVIDIA_TF32_OVERRIDE: "1" };
  expect(prepared({ kind: "cpu" }, { ...env }, { precision: "int8" })).toEqual(env);
  expect(prepared({ kind: "webgpu" }, { ...env })).toEqual(env);
});

it("native code reads what the main thread sets in process.env, also in threads that start later", async () => {
  // `homedir` asks getenv(3), as CUDA does. A worker's own changes stay in its copy.
  const program = `
    const { Worker } = require("node:worker_threads");
    process.env.HOME = "/set/by/main";
    const inWorker = 'process.env.HOME = "/set/by/worker"; console.log(require("node:os").homedir())';
    new Worker(inWorker, { eval: true });
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", program]);
  expect(stdout.trim()).toBe("/set/by/main");
});
