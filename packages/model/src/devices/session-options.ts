import type { InferenceSession } from "onnxruntime-node";
import type { Device } from "./device.js";

interface DeviceOptions {
  readonly executionProviders: readonly InferenceSession.ExecutionProviderConfig[];
  /** Entries of onnxruntime's configuration by their first word, to be merged with further ones. */
  readonly extra: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** What a session needs to run on a device. */
export function deviceOptions(device: Device): DeviceOptions {
  switch (device.kind) {
    case "cpu":
      return { executionProviders: ["cpu"], extra: {} };
    case "webgpu":
      // Some operators of our graphs have no kernel there, so these may run on the CPU.
      return { executionProviders: ["webgpu"], extra: {} };
    case "cuda":
      return {
        executionProviders: [{ name: "cuda", deviceId: device.index }],
        extra: {
          session: {
            // An operator on the CPU would copy its inputs and outputs on every run: an error, not a slow model.
            disable_cpu_ep_fallback: "1",
            // Otherwise weights take up to twice their size, as that allocator rounds to powers of two.
            use_device_allocator_for_initializers: "1",
          },
          optimization: {
            // The fused operator needs cuDNN. Without it, bits are the same on machines with and without cuDNN.
            disable_specified_optimizers: "BiasSoftmaxFusion",
          },
        },
      };
    default:
      return device satisfies never;
  }
}
