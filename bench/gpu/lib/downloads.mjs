import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { command } from "./command.mjs";
import { root, scratch } from "./places.mjs";

const PROVIDER = join(scratch, "provider");
const HEADERS = join(scratch, "headers");
/** The headers of the CUDA that the provider was built with. */
const CUDA_RUNTIME = "nvidia-cuda-runtime==13.0.96";

/** The directory of onnxruntime's provider for CUDA 13; downloaded once. */
export function cudaProvider() {
  if (!existsSync(join(PROVIDER, "libonnxruntime_providers_cuda.so"))) {
    mkdirSync(PROVIDER, { recursive: true });
    const script = join(root, "scripts", "install-cuda.mjs");
    command(process.execPath, [script, "--cuda", "13", "--to", PROVIDER]);
  }
  return PROVIDER;
}

/** The directory of NVIDIA's `driver_types.h`; downloaded once, by pip. */
export function cudaHeaders() {
  const include = join(HEADERS, "nvidia", "cu13", "include");
  if (!existsSync(join(include, "driver_types.h"))) {
    const args = ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", HEADERS, CUDA_RUNTIME];
    command("python3", args);
    const wheel = readdirSync(HEADERS).find((name) => name.endsWith(".whl"));
    command("unzip", [
      "-q",
      "-o",
      join(HEADERS, wheel ?? ""),
      "nvidia/*/include/*_types.h",
      "-d",
      HEADERS,
    ]);
  }
  return include;
}
