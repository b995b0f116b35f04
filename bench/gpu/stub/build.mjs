import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { command } from "../lib/command.mjs";
import { cudaHeaders, cudaProvider } from "../lib/downloads.mjs";
import { scratch } from "../lib/places.mjs";

/** The libraries that the provider is linked with, and those of cuDNN that it opens itself. */
const LIBRARIES = [
  {
    name: "libcudart.so.13",
    sources: ["kernels", "shapes", "memory", "streams", "device"].map((name) => `cudart/${name}.c`),
  },
  { name: "libcublas.so.13", sources: ["cublas.c"] },
  { name: "libcublasLt.so.13", sources: ["cublasLt.c"] },
  { name: "libcurand.so.10", sources: [] },
  { name: "libcuda.so.1", sources: [] },
  { name: "libcudnn.so.9", sources: ["cudnn.c"] },
];

/**
 * Builds a CUDA that computes nothing, beside links to onnxruntime and its provider.
 *
 * @returns the directory, for LD_LIBRARY_PATH
 */
export function buildStub({ cudnn }) {
  const target = join(scratch, cudnn ? "stub" : "stub-without-cudnn");
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const provider = cudaProvider();
  const wanted = wantedSymbols(join(provider, "libonnxruntime_providers_cuda.so"));
  for (const library of LIBRARIES) {
    if (library.name === "libcudnn.so.9" && !cudnn) continue;
    buildLibrary({ ...library, target, symbols: wanted.get(library.name) ?? [] });
  }
  // onnxruntime looks for providers in the directory that it was loaded from itself.
  const entry = createRequire(import.meta.resolve("@nightbeam/model")).resolve("onnxruntime-node");
  const own = join(dirname(entry), "..", "bin", "napi-v6", process.platform, process.arch);
  symlinkSync(join(own, "libonnxruntime.so.1"), join(target, "libonnxruntime.so.1"));
  for (const name of ["libonnxruntime_providers_shared.so", "libonnxruntime_providers_cuda.so"]) {
    symlinkSync(join(provider, name), join(target, name));
  }
  return target;
}

/** The functions that the provider takes from each library. */
function wantedSymbols(provider) {
  const wanted = new Map();
  const add = (library, symbol) => wanted.set(library, [...(wanted.get(library) ?? []), symbol]);
  for (const line of command("nm", ["-D", "--undefined-only", provider]).split("\n")) {
    const [, symbol, library] = /^\s+U (\w+)(?:@(\S+))?$/.exec(line) ?? [];
    if (symbol === undefined) continue;
    // The driver's library has no versions.
    if (library !== undefined) add(library, symbol);
    else if (/^cu[A-Z]/.test(symbol)) add("libcuda.so.1", symbol);
  }
  // Functions of cuDNN are looked up by name when they are first called.
  const names = command("strings", ["-a", provider]).match(/^cudnn[A-Z]\w+$/gm) ?? [];
  for (const name of new Set(names)) add("libcudnn.so.9", name);
  return wanted;
}

function buildLibrary({ name, sources, symbols, target }) {
  const here = import.meta.dirname;
  const work = join(target, "build", name);
  mkdirSync(work, { recursive: true });
  const objects = sources.map((source) => {
    const object = join(work, `${source.replaceAll("/", "-")}.o`);
    const include = [`-I${join(here, "include")}`, `-I${cudaHeaders()}`];
    command("gcc", ["-c", "-w", "-O1", "-fPIC", ...include, join(here, source), "-o", object]);
    return object;
  });
  const defined = new Set(
    objects.flatMap((object) =>
      [...command("nm", ["--defined-only", object]).matchAll(/ T (\w+)$/gm)].map(([, own]) => own),
    ),
  );
  const rest = symbols.filter((symbol) => !defined.has(symbol));
  const restFile = join(work, "rest.c");
  writeFileSync(restFile, rest.map((symbol) => `int ${symbol}(void) { return 0; }\n`).join(""));
  const script = join(work, "versions.map");
  writeFileSync(script, `${name} { global: *; };\n`);
  const link = [`-Wl,-soname,${name}`, `-Wl,--version-script=${script}`];
  command("gcc", [
    "-shared",
    "-fPIC",
    "-w",
    ...objects,
    restFile,
    ...link,
    "-o",
    join(target, name),
  ]);
}
