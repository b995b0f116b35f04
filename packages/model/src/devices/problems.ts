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

/** What brings a missing library: a command or a step, or one of the things that a command is given. */
type Source =
  | { readonly remedy: string }
  | { readonly directory: string }
  | { readonly pipPackage: string };

/** Problems of missing libraries, one per command that brings them. */
export function missingLibraries(
  missing: readonly string[],
  { pipDirectories }: { pipDirectories: readonly string[] },
): DeviceProblem[] {
  const cuda = missing.some((name) => /^lib(cublas(Lt)?|cudart)\.so\.12$/.test(name)) ? 12 : 13;
  const groups = new Map<string, { names: string[]; sources: Source[] }>();
  for (const name of missing) {
    const source = sourceOf(name, { pipDirectories, cuda });
    const kind = "remedy" in source ? source.remedy : Object.keys(source).join();
    const group = groups.get(kind) ?? { names: [], sources: [] };
    groups.set(kind, group);
    group.names.push(name);
    group.sources.push(source);
  }
  return [...groups.values()].map(({ names, sources }) => ({
    what: `${names.join(", ")} ${names.length === 1 ? "is" : "are"} missing`,
    remedy: remedyOf(sources, cuda),
  }));
}

function sourceOf(
  name: string,
  { pipDirectories, cuda }: { pipDirectories: readonly string[]; cuda: 12 | 13 },
): Source {
  if (name.startsWith("libonnxruntime_providers_")) return { remedy: INSTALL_REMEDY };
  if (name.startsWith("libcuda.so")) return { remedy: DRIVER_REMEDY };
  if (name.startsWith("libvulkan")) return { remedy: VULKAN_REMEDY };
  const directory = pipDirectories.find((one) => existsSync(join(one, name)));
  if (directory !== undefined) return { directory };
  if (name.startsWith("libcudnn")) return { pipPackage: `nvidia-cudnn-cu${cuda}` };
  const [, pipPackage] = PIP_PACKAGES.find(([library]) => name.startsWith(library)) ?? [];
  if (pipPackage === undefined) return { remedy: `install CUDA ${cuda}'s libraries` };
  return { pipPackage: cuda === 12 ? `${pipPackage}-cu12` : pipPackage };
}

/** @param sources of one kind */
function remedyOf(sources: readonly Source[], cuda: 12 | 13): string {
  const given = sources.map((source) => Object.values(source).join());
  const once = [...new Set(given)];
  const [first] = sources;
  if (first === undefined || "remedy" in first) return once.join();
  if ("directory" in first) {
    return `pip has installed it, outside of the loader's path: export LD_LIBRARY_PATH=${once.join(":")}:$LD_LIBRARY_PATH`;
  }
  return `install CUDA ${cuda}, or pip install ${once.join(" ")} and run nightbeam devices again, which prints the LD_LIBRARY_PATH for it`;
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
