/** A kind of processor that models run on. Together with the precision it decides the bits of a score. */
export type DeviceKind = "cpu" | "cuda" | "webgpu";

/** Where a model runs. `index` is that of an NVIDIA GPU, in the order of `nvidia-smi`. */
export type Device =
  | { readonly kind: "cpu" }
  | { readonly kind: "cuda"; readonly index: number }
  | { readonly kind: "webgpu" };

export const CPU: Device = { kind: "cpu" };

/** The name of a device as commands take it: `cpu`, `cuda:0`, `webgpu`. */
export function deviceName(device: Device): string {
  return device.kind === "cuda" ? `cuda:${device.index}` : device.kind;
}
