import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { CPU, type Device, deviceName } from "./device.js";
import { explainFailure } from "./explain-failure.js";
import { driverCudaVersion, type NvidiaGpu, nvidiaGpus } from "./nvidia-gpus.js";
import type { DeviceProblem } from "./problems.js";

/** Whether models can run on a device of this machine, found by running a small graph there. */
export interface DeviceReport {
  /** As commands take it: `cpu`, `cuda:0`, `webgpu`. */
  readonly device: string;
  readonly works: boolean;
  /** What it is, for people. */
  readonly facts: readonly string[];
  /** Why it does not work; empty if it does. */
  readonly problems: readonly DeviceProblem[];
}

/** Compiling a first graph may take long on a device that emulates another one. */
const PROBE_MS = 120_000;
const MAX_OUTPUT = 2 ** 20;
/** The longest message of onnxruntime that is shown as it is. */
const MAX_MESSAGE = 300;

/** All kinds of devices, working or not. Opens a small session on each, in a process of its own. Never rejects. */
export async function listDevices(): Promise<readonly DeviceReport[]> {
  const [cpu, webgpu, cuda] = await Promise.all([
    report(CPU, await cpuFacts()),
    report({ kind: "webgpu" }, []),
    cudaReports(),
  ]);
  return [cpu, ...cuda, webgpu];
}

async function cudaReports(): Promise<DeviceReport[]> {
  const [gpus, version] = await Promise.all([nvidiaGpus(), driverCudaVersion()]);
  if (gpus.length === 0) return [await report({ kind: "cuda", index: 0 }, [])];
  return Promise.all(
    gpus.map((gpu) => report({ kind: "cuda", index: gpu.index }, gpuFacts(gpu, version))),
  );
}

async function report(device: Device, facts: readonly string[]): Promise<DeviceReport> {
  const failure = await probeFailure(device);
  const name = deviceName(device);
  if (failure === undefined) return { device: name, works: true, facts, problems: [] };
  const problems = await explainFailure(device, failure);
  const unknown = { what: failure.slice(-MAX_MESSAGE), remedy: "this is onnxruntime's message" };
  return {
    device: name,
    works: false,
    facts,
    problems: problems.length > 0 ? problems : [unknown],
  };
}

/** What a process that tries the device printed if it failed. */
function probeFailure(device: Device): Promise<string | undefined> {
  const program = fileURLToPath(new URL("./probe.js", import.meta.url));
  const args = [program, JSON.stringify(device)];
  const limits = { timeout: PROBE_MS, maxBuffer: MAX_OUTPUT };
  return new Promise((resolve) => {
    execFile(process.execPath, args, limits, (error, _, stderr) => {
      if (error === null) resolve(undefined);
      else if (error.killed) resolve(`no answer within ${PROBE_MS / 1000} s`);
      else if (error.signal) resolve(`${stderr}\nonnxruntime crashed (${error.signal})`.trim());
      else resolve(stderr.trim());
    });
  });
}

async function cpuFacts(): Promise<string[]> {
  const cores = availableParallelism();
  const facts = [cpus()[0]?.model.trim() || process.arch, `${cores} cores`];
  const flags = await cpuFlags();
  const best = INSTRUCTIONS.find(([flag]) => flags.has(flag));
  return best === undefined ? facts : [...facts, best[1]];
}

/** Instruction sets that decide the speed, best first, by their names in /proc/cpuinfo. */
const INSTRUCTIONS: readonly (readonly [flag: string, name: string])[] = [
  ["avx512_vnni", "AVX-512 VNNI"],
  ["avx512f", "AVX-512"],
  ["avx_vnni", "AVX-VNNI"],
  ["avx2", "AVX2"],
];

async function cpuFlags(): Promise<ReadonlySet<string>> {
  try {
    const text = await readFile("/proc/cpuinfo", "utf8");
    return new Set(/^flags\s*:\s*(.*)$/m.exec(text)?.[1]?.split(" "));
  } catch {
    return new Set();
  }
}

function gpuFacts(gpu: NvidiaGpu, cuda: number | undefined): string[] {
  const gibibytes = (mebibytes: number) => (mebibytes / 1024).toFixed(1);
  return [
    gpu.name,
    `${gibibytes(gpu.freeMemory)} of ${gibibytes(gpu.memory)} GiB free`,
    `driver ${gpu.driver}${cuda === undefined ? "" : ` (CUDA ${cuda})`}`,
  ];
}
