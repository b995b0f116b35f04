import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { useTempDir } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { librariesNotFound, missingCudaLibraries } from "../../src/devices/libraries.js";
import { knownProblem, missingLibraries } from "../../src/devices/problems.js";

const temporary = useTempDir();

describe("missing libraries", () => {
  it("are those that ldd does not find, once each", () => {
    const lines = [
      "\tlinux-vdso.so.1 (0x00007ffd5a5f2000)",
      "\tlibcublas.so.13 => not found",
      "\tlibdl.so.2 => /lib/x86_64-linux-gnu/libdl.so.2 (0x00007f1)",
      "\tlibcuda.so.1 => not found",
      "\tlibcublas.so.13 => not found",
    ];
    expect(librariesNotFound(lines.join("\n"))).toEqual(["libcublas.so.13", "libcuda.so.1"]);
  });

  it("are the provider's own files if it is not installed", async () => {
    const missing = await missingCudaLibraries(temporary());
    expect(missing).toEqual([
      "libonnxruntime_providers_shared.so",
      "libonnxruntime_providers_cuda.so",
    ]);
    expect(missingLibraries(missing, { pipDirectories: [] })).toEqual([
      { what: `${missing.join(", ")} are missing`, remedy: "npm run install:cuda" },
    ]);
  });

  it("are grouped by the command that brings them", () => {
    const missing = ["libcublas.so.13", "libcublasLt.so.13", "libcuda.so.1", "libcurand.so.10"];
    const problems = missingLibraries(missing, { pipDirectories: [] });
    expect(problems.map(({ what }) => what)).toEqual([
      "libcublas.so.13, libcublasLt.so.13 are missing",
      "libcuda.so.1 is missing",
      "libcurand.so.10 is missing",
    ]);
    const [cublas, driver, curand] = problems.map(({ remedy }) => remedy);
    expect(cublas).toContain("pip install nvidia-cublas;");
    expect(driver).toContain("NVIDIA's driver");
    expect(curand).toContain("pip install nvidia-curand;");
  });

  it("of CUDA 12 are in packages of their own", () => {
    const problems = missingLibraries(["libcudart.so.12", "libcurand.so.10", "libcudnn.so.9"], {
      pipDirectories: [],
    });
    for (const name of ["nvidia-cuda-runtime-cu12;", "nvidia-curand-cu12;", "nvidia-cudnn-cu12;"]) {
      expect(problems.filter(({ remedy }) => remedy.includes(`pip install ${name}`))).toHaveLength(
        1,
      );
    }
  });

  it("that pip has installed are found by LD_LIBRARY_PATH", async () => {
    await writeFile(join(temporary(), "libcublas.so.13"), "");
    const [problem] = missingLibraries(["libcublas.so.13"], {
      pipDirectories: ["/nowhere", temporary()],
    });
    expect(problem?.remedy).toContain(`export LD_LIBRARY_PATH=${temporary()}:$LD_LIBRARY_PATH`);
  });
});

describe("messages of onnxruntime", () => {
  it.each([
    [
      "Warning: Couldn't load Vulkan: libvulkan.so.1: cannot open shared object file: No such file",
      "libvulkan.so.1 is missing",
    ],
    ["Failed to get a WebGPU adapter: No supported adapters", "WebGPU finds no GPU"],
    ["CUDA failure 101: invalid device ordinal ; GPU=7", "there is no GPU of this number"],
    ["CUDA failure 100: no CUDA-capable device is detected", "CUDA sees no GPU"],
    ["CUDA driver version is insufficient for CUDA runtime version", "driver is older"],
    [
      "nodes that are assigned to the default CPU EP, but fallback to CPU EP has been explicitly disabled by the user.",
      "an operator that onnxruntime cannot run",
    ],
  ])("are explained: %s", (message, what) => {
    expect(knownProblem(message)?.what).toContain(what);
  });

  it("are left alone if they are not known", () => {
    expect(knownProblem("the sky is falling")).toBeUndefined();
  });
});
