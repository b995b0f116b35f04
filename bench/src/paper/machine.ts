import { availableParallelism, cpus, totalmem } from "node:os";
import { z } from "zod";

/** The machine that the figures were measured on. */
export const machineSchema = z.object({
  processor: z.string(),
  cores: z.number(),
  memoryGiB: z.number(),
  system: z.string(),
  node: z.string(),
  /** Rate of float32 matrix products on all workers at once, in GFLOP/s. */
  matrixRate: z.number(),
});

export type Machine = z.output<typeof machineSchema>;

/** This machine. */
export function thisMachine(matrixRate: number): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    node: process.version,
    matrixRate: Math.round(matrixRate),
  };
}
