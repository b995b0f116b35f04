import type { Precision } from "@nightbeam/model";
import type { AuditTolerance } from "@nightbeam/protocol";

/**
 * How far the answers of two honest verifiers of a model may be apart, which depends on how it computes. On a
 * processor, log-probabilities in float32 differ by up to 2e-5 with the batch and with what is cached. On a GPU
 * and in 16 bits they differ more, and int8 rounds inputs by their largest value.
 */
export function auditTolerance(model: {
  readonly precision: Precision;
  /** The kind of device. */
  readonly device: string;
}): AuditTolerance {
  const { precision, device } = model;
  switch (precision) {
    case "fp32":
      return device === "cpu" ? { logProb: 1e-3, paths: 0.02 } : { logProb: 1e-2, paths: 0.05 };
    case "int8":
    case "fp16":
      return { logProb: 0.1, paths: 0.1 };
    case "bf16":
      return { logProb: 0.5, paths: 0.25 };
    default:
      return precision satisfies never;
  }
}
