import type { Device } from "./device.js";
import { missingCudaLibraries, output, pipLibraryDirectories } from "./libraries.js";
import { type DeviceProblem, knownProblem, missingLibraries } from "./problems.js";

/** The library of NVIDIA's driver. */
const DRIVER = "libcuda.so.1";

/**
 * What is wrong with a device that a session could not be opened on; empty if only the message itself
 * says it.
 */
export async function explainFailure(device: Device, message: string): Promise<DeviceProblem[]> {
  // onnxruntime's message does not name the library.
  if (device.kind === "cuda" && message.includes("Failed to load shared library")) {
    const missing = await missingCudaLibraries();
    // onnxruntime's own libraries would name it, but may be missing themselves.
    const known = await output("ldconfig", ["-p"]);
    const isAbsent = missing.some((name) => name.startsWith("libonnxruntime"));
    if (isAbsent && !known.includes(DRIVER)) missing.push(DRIVER);
    return missingLibraries(missing, { pipDirectories: await pipLibraryDirectories() });
  }
  const known = knownProblem(message);
  return known === undefined ? [] : [known];
}
