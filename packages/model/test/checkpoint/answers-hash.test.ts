import { TARGET_PROGRAMS } from "@nightbeam/decoding";
import { answersHash } from "@nightbeam/model";
import { expect, it } from "vitest";

it("answers have one hash per checkpoint, precision, kind of device and program; those of CPUs stay as published", () => {
  const checkpoint = "a".repeat(64);
  const hashOf = (precision: "fp32" | "int8", device: "cpu" | "cuda" | "webgpu") =>
    answersHash({ checkpoint, precision, device });
  expect(hashOf("fp32", "cpu")).toBe(checkpoint);
  expect(hashOf("int8", "cpu")).toBe(
    "4737b61963dcd168f5dff704a3010a5c1beab4a2c5eace63bbd57aa35266abe4",
  );
  const all = [
    hashOf("fp32", "cpu"),
    hashOf("int8", "cpu"),
    hashOf("fp32", "cuda"),
    hashOf("fp32", "webgpu"),
    ...(["fp32", "int8"] as const).flatMap((precision) =>
      TARGET_PROGRAMS.slice(1).flatMap((program) =>
        (["cpu", "cuda"] as const).map((device) =>
          answersHash({ checkpoint, precision, device, program }),
        ),
      ),
    ),
  ];
  expect(new Set(all).size).toBe(all.length);
});
