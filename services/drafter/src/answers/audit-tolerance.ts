import type { Precision } from "@nightbeam/model";
import type { AuditTolerance } from "@nightbeam/protocol";

/**
 * How far the answers of two honest verifiers of a model may be apart, which depends on how it computes. On a
 * processor, log-probabilities in float32 differ by up to 2e-5 with the batch and with what is cached; int8 rounds
 * inputs by their largest value. On an NVIDIA GPU, scores of paths differed from a processor's in float32 by up to
 * 1.3e-5 in fp32, 5.1e-3 in fp16 and 3.8e-2 in bf16 (docs/results/gpu.md, a target of 6 layers): both verifiers may
 * be that far off, and models have more layers. WebGPU was not measured on a card.
 */
export function auditTolerance(model: {
  readonly precision: Precision;
  /** The kind of device. */
  readonly device: string;
}): AuditTolerance {
  const { precision, device } = model;
  switch (precision) {
    case "fp32":
      return device === "webgpu" ? { logProb: 1e-2, paths: 0.05 } : { logProb: 1e-3, paths: 0.02 };
    case "int8":
      return { logProb: 0.1, paths: 0.1 };
    case "fp16":
      return { logProb: 0.05, paths: 0.05 };
    case "bf16":
      return { logProb: 0.4, paths: 0.1 };
    default:
      return precision satisfies never;
  }
}
