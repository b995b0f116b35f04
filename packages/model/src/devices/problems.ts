import { existsSync } from "node:fs";
import { join } from "node:path";

/** Why a device does not work, and what to do about it. */
export interface DeviceProblem {
  readonly what: string;
  readonly remedy: string;
}

/** pip's packages for CUDA 13, by the beginning of a library's name. CUDA 12's have "-cu12" at the end. */
const PIP_PACKAGES: readonly (readonly [library: string, pipPackage: string])[] = [
  ["libcublas", "nvidia-cublas"],
  ["libcudart", "nvidia-cuda-runtime"],
  ["libcurand", "nvidia-curand"],
  ["libcufft", "nvidia-cufft"],
  ["libnvrtc", "nvidia-cuda-nvrtc"],
];

const DRIVER_REMEDY =
  "install NVIDIA's driver on this machine; a container gets it if it is started with --gpus all";
const VULKAN_REMEDY =
  "apt-get install libvulkan1, and a Vulkan driver for the GPU: NVIDIA's driver has one, for others apt-get install mesa-vulkan-drivers";
const INSTALL_REMEDY = "npm run install:cuda";

/** One problem per group of missing libraries that the same command brings. */
export function missingLibraries(
  missing: readonly string[],
  { pipDirectories }: { pipDirectories: readonly string[] },
): DeviceProblem[] {
  const groups = new Map<string, string[]>();
  const cuda = missing.some((name) => /^lib(cublas(Lt)?|cudart)\.so\.12$/.test(name)) ? "12" : "13";
  for (const name of missing) {
    const remedy = remedyOf(name, { pipDirectories, cuda });
    groups.set(remedy, [...(groups.get(remedy) ?? []), name]);
  }
  return [...groups].map(([remedy, names]) => ({
    what: `${names.join(", ")} ${names.length === 1 ? "is" : "are"} missing`,
    remedy,
  }));
}

function remedyOf(
  name: string,
  { pipDirectories, cuda }: { pipDirectories: readonly string[]; cuda: "12" | "13" },
): string {
  if (name.startsWith("libonnxruntime_providers_")) return INSTALL_REMEDY;
  if (name.startsWith("libcuda.so") || name.startsWith("libnvidia")) return DRIVER_REMEDY;
  if (name.startsWith("libvulkan")) return VULKAN_REMEDY;
  const directory = pipDirectories.find((one) => existsSync(join(one, name)));
  if (directory !== undefined) {
    return `it is installed, but not on the loader's path: export LD_LIBRARY_PATH=${directory}:$LD_LIBRARY_PATH`;
  }
  const suffix = cuda === "12" ? "-cu12" : "";
  const found = PIP_PACKAGES.find(([library]) => name.startsWith(library));
  const pipPackage = name.startsWith("libcudnn")
    ? `nvidia-cudnn-cu${cuda}`
    : found && `${found[1]}${suffix}`;
  return pipPackage === undefined
    ? `install CUDA ${cuda}'s libraries`
    : `install CUDA ${cuda}, or pip install ${pipPackage}; nightbeam devices then prints the LD_LIBRARY_PATH that finds it`;
}

/** What onnxruntime and CUDA say, and what it means. */
const MEANINGS: readonly (readonly [pattern: RegExp, problem: DeviceProblem])[] = [
  [
    /fallback to CPU EP has been explicitly disabled/,
    {
      what: "this model has an operator that onnxruntime cannot run on an NVIDIA GPU",
      remedy: "run it on another device, and report its config.json",
    },
  ],
  [
    /invalid device ordinal|CUDA failure 101\b/i,
    { what: "there is no GPU of this number", remedy: "nvidia-smi -L lists the GPUs" },
  ],
  [
    /driver version is insufficient|CUDA failure 35\b/i,
    {
      what: "NVIDIA's driver is older than the CUDA version that onnxruntime's libraries are for",
      remedy: "update the driver, or npm run install:cuda -- --cuda 12",
    },
  ],
  [
    /no CUDA-capable device|CUDA failure 100\b/i,
    {
      what: "CUDA sees no GPU",
      remedy: "check nvidia-smi and CUDA_VISIBLE_DEVICES; start a container with --gpus all",
    },
  ],
  [
    /no kernel image|CUDA failure 209\b/i,
    {
      what: "onnxruntime's CUDA libraries have no code for this GPU's generation",
      remedy: "use another device",
    },
  ],
  [
    /out of memory|Failed to allocate memory|CUDA failure 2\b/i,
    {
      what: "the device has too little free memory",
      remedy: "stop what else uses it, or run with fewer workers",
    },
  ],
  [
    /Failed to get a WebGPU adapter|No supported adapters/,
    { what: "WebGPU finds no GPU with a Vulkan driver that it supports", remedy: VULKAN_REMEDY },
  ],
];

/** The problem that a message of onnxruntime stands for, if it is a known one. */
export function knownProblem(message: string): DeviceProblem | undefined {
  const [, library] = /(lib[\w.+-]+\.so[\w.]*): cannot open shared object file/.exec(message) ?? [];
  if (library !== undefined) {
    return missingLibraries([library], { pipDirectories: [] })[0];
  }
  return MEANINGS.find(([pattern]) => pattern.test(message))?.[1];
}
