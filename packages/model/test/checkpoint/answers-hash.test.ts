import { createHash } from "node:crypto";
import { TARGET_PROGRAMS } from "@nightbeam/decoding";
import { expect, it } from "vitest";
import { answersHash } from "../../src/checkpoint/checkpoint.js";

const checkpoint = "a".repeat(64);
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

it("names tree calls as before there were other programs, and every combination differently", () => {
  expect(answersHash({ checkpoint, precision: "fp32" })).toBe(checkpoint);
  expect(answersHash({ checkpoint, precision: "int8" })).toBe(sha256(`${checkpoint} int8`));
  const hashes = (["fp32", "int8"] as const).flatMap((precision) =>
    TARGET_PROGRAMS.map((program) => answersHash({ checkpoint, precision, program })),
  );
  expect(hashes[0]).toBe(checkpoint);
  expect(new Set(hashes).size).toBe(6);
});
