import type { Device } from "./device.js";
import { missingCudaLibraries, pipLibraryDirectories } from "./libraries.js";
import { type DeviceProblem, knownProblem, missingLibraries } from "./problems.js";

/**
 * What is wrong with a device that a session could not be opened on; empty if only the message itself
 * says it.
 */
export async function explainFailure(device: Device, message: string): Promise<DeviceProblem[]> {
  // onnxruntime's message does not name the library.
  if (device.kind === "cuda" && message.includes("Failed to load shared library")) {
    const missing = await missingCudaLibraries();
    return missingLibraries(missing, { pipDirectories: await pipLibraryDirectories() });
  }
  const known = knownProblem(message);
  return known === undefined ? [] : [known];
}
