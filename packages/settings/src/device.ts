import { z } from "zod";

const DEVICE = "give cpu, cuda, cuda:N for one of several GPUs, or webgpu";

/** Where the models of this machine run: `cpu`, `cuda`, `cuda:1`, `webgpu`. */
export const deviceField = z
  .string(DEVICE)
  .trim()
  .regex(/^(cpu|webgpu|cuda(:\d{1,3})?)$/, DEVICE)
  .transform((name): { kind: "cpu" | "webgpu" } | { kind: "cuda"; index: number } => {
    if (name === "cpu" || name === "webgpu") return { kind: name };
    return { kind: "cuda", index: Number(name.split(":")[1] ?? 0) };
  })
  .default({ kind: "cpu" });
