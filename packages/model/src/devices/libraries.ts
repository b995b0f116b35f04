import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const TIMEOUT_MS = 20_000;

/** The files that onnxruntime needs for CUDA, beside its own library. */
export const PROVIDER_FILES = [
  "libonnxruntime_providers_shared.so",
  "libonnxruntime_providers_cuda.so",
] as const;

/** The directory of onnxruntime's own library. */
export function runtimeDirectory(): string {
  const entry = createRequire(import.meta.url).resolve("onnxruntime-node");
  return join(dirname(entry), "..", "bin", "napi-v6", process.platform, process.arch);
}

/**
 * Names of the shared libraries that onnxruntime's CUDA provider needs and the loader does not find. If
 * the provider itself is not installed, its files.
 */
export async function missingCudaLibraries(directory = runtimeDirectory()): Promise<string[]> {
  const absent = PROVIDER_FILES.filter((file) => !existsSync(join(directory, file)));
  if (absent.length > 0) return absent;
  const listed = await Promise.all(
    PROVIDER_FILES.map((file) => output("ldd", [join(directory, file)])),
  );
  return librariesNotFound(listed.join("\n"));
}

/** The names that `ldd` did not find. */
export function librariesNotFound(lddOutput: string): string[] {
  const names = [...lddOutput.matchAll(/^\s*(\S+) => not found$/gm)].map(([, name = ""]) => name);
  return [...new Set(names)];
}

/** Directories of the shared libraries that pip's nvidia packages have installed for `python3`. */
export async function pipLibraryDirectories(): Promise<string[]> {
  const script = [
    "import pathlib, sys",
    "found = {file.parent for path in sys.path for file in pathlib.Path(path, 'nvidia').glob('**/lib/*.so*')}",
    "print('\\n'.join(sorted(map(str, found))))",
  ].join("\n");
  return (await output("python3", ["-c", script])).split("\n").filter((line) => line !== "");
}

/** The output of a program; "" if it does not exist or fails. */
export async function output(program: string, args: readonly string[]): Promise<string> {
  try {
    return (await run(program, [...args], { timeout: TIMEOUT_MS })).stdout;
  } catch {
    return "";
  }
}
