import { describe, expect, it } from "vitest";
import { auditTolerance } from "../src/answers/audit-tolerance.js";

/** The largest differences of scores from a processor's in float32, on an H200: docs/results/gpu.md. */
const MEASURED = [
  ["fp32", 1.3e-5],
  ["fp16", 5.1e-3],
  ["bf16", 3.8e-2],
] as const;
const TF32 = 3.4e-3;

describe("the tolerance of audits on an NVIDIA GPU", () => {
  it.each(MEASURED)(
    "has room for two honest verifiers in %s, and for little more",
    (precision, most) => {
      const { logProb } = auditTolerance({ precision, device: "cuda" });
      // Both may be off, and rounding grows with the layers: a model of 32 has some 2.3 times the rounding of 6.
      expect(logProb).toBeGreaterThan(2 * 2.3 * most);
      expect(logProb).toBeLessThan(100 * most);
    },
  );

  it("does not have room for products in TF32 at a single level in fp32", () => {
    expect(auditTolerance({ precision: "fp32", device: "cuda" }).logProb).toBeLessThan(TF32);
  });

  it("grows with the rounding of a precision", () => {
    const tolerances = MEASURED.map(([precision]) => auditTolerance({ precision, device: "cuda" }));
    for (const of of ["logProb", "paths"] as const) {
      const values = tolerances.map((tolerance) => tolerance[of]);
      expect(values).toEqual(values.toSorted((a, b) => a - b));
    }
  });

  it("is wider in fp32 on WebGPU, where no card was measured", () => {
    const cuda = auditTolerance({ precision: "fp32", device: "cuda" });
    const webgpu = auditTolerance({ precision: "fp32", device: "webgpu" });
    expect(webgpu.logProb).toBeGreaterThan(cuda.logProb);
    expect(cuda).toEqual(auditTolerance({ precision: "fp32", device: "cpu" }));
  });
});
