import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { put, useTempDirs } from "@nightbeam/testing";
import { halfValue, parseTeacher } from "@nightbeam/testing/teacher";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { teacherExample } from "../src/teacher/example.js";
import { toHalf } from "../src/teacher/half.js";
import { openTeacherLog } from "../src/teacher/teacher-log.js";

const tempDir = useTempDirs();
const source = { target: "t1", catalogue: "c1", scoring: "full", levels: 3 } as const;
const run = "0123456789ab";

/** A root with two children, of which the second is known too. */
const one = teacherExample({
  prompt: Int32Array.of(1, 70_000, 4),
  parents: Int32Array.of(-1, 0),
  codes: Int32Array.of(-1, 9),
  rows: [Float64Array.of(-0.25, -1.5), Float64Array.of(-3, Number.NEGATIVE_INFINITY, 0)],
});
const two = teacherExample({
  prompt: Int32Array.of(5),
  parents: Int32Array.of(-1),
  codes: Int32Array.of(-1),
  rows: [Float64Array.of(-2, -0.5)],
});

describe("a teacher log", () => {
  it("holds what was written, as the format's page says", async () => {
    const directory = join(tempDir(), "new", "log");
    const log = await openTeacherLog({ directory, run, source });
    const path = await log.write(12, [one, two]);
    expect(path).toBe(join(directory, "0123456789ab-part-00012.safetensors"));
    expect(parseTeacher(path ?? "")).toEqual({
      metadata: {
        format: "nightbeam-teacher",
        version: "1",
        target: "t1",
        catalogue: "c1",
        scoring: "full",
        levels: "3",
      },
      users: [
        {
          prompt: [1, 70_000, 4],
          truth: [-1, -1, -1],
          nodes: [
            { path: [], values: [-0.25, -1.5] },
            { path: [9], values: [-3, -65_504, 0] },
          ],
        },
        { prompt: [5], truth: [-1, -1, -1], nodes: [{ path: [], values: [-2, -0.5] }] },
      ],
    });
  });

  it("gives equal bytes when a part is repeated, and removes leftovers of killed processes", async () => {
    const directory = tempDir();
    const log = await openTeacherLog({ directory, run, source });
    const path = (await log.write(0, [one])) ?? "";
    const before = readFileSync(path);
    put(directory, `.${run}-part-00000.safetensors.killed.tmp`, "half of it");
    put(directory, `.${run}-part-00001.safetensors.under-way.tmp`, "another part's");
    await log.write(0, [one]);
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(directory).toSorted()).toEqual([
      `.${run}-part-00001.safetensors.under-way.tmp`,
      `${run}-part-00000.safetensors`,
    ]);
  });

  it("writes no file if no user was sampled", async () => {
    const directory = tempDir();
    const log = await openTeacherLog({ directory, run, source });
    expect(await log.write(0, [])).toBe(undefined);
    expect(readdirSync(directory)).toEqual([]);
  });

  it("takes a directory with files of other runs and other things", async () => {
    const directory = tempDir();
    await (await openTeacherLog({ directory, run, source })).write(0, [one]);
    put(directory, "notes.txt", "mine");
    const again = await openTeacherLog({ directory, run: "ba9876543210", source });
    await again.write(0, [two]);
    expect(readdirSync(directory)).toHaveLength(3);
  });

  it.each([
    ["target", { target: "t2" }, "t1, but this run has t2"],
    ["catalogue", { catalogue: "c2" }, "c1, but this run has c2"],
    ["scoring", { scoring: "renormalized" as const }, "full, but this run has renormalized"],
    ["levels", { levels: 4 }, "3, but this run has 4"],
  ])("refuses a directory with files of another %s", async (key, other, difference) => {
    const directory = tempDir();
    await (await openTeacherLog({ directory, run, source })).write(7, [one]);
    const path = join(directory, `${run}-part-00007.safetensors`);
    const open = openTeacherLog({ directory, run, source: { ...source, ...other } });
    await expect(open).rejects.toMatchObject({
      code: "TEACHER_DIFFERS",
      message: `${path} is teacher data of another ${key}: ${difference}. Name another --teacher-log for this run.`,
    });
  });

  it.each([
    ["of a model", '{"__metadata__":{"format":"pt"}}', "TEACHER_DIFFERS", "is not teacher data"],
    ["without metadata", "{}", "TEACHER_DIFFERS", "is not teacher data"],
    ["that is not JSON", "{", "UNREADABLE", "is not a safetensors file"],
    [
      "with wrong metadata",
      '{"__metadata__":{"format":1}}',
      "UNREADABLE",
      "does not match the format",
    ],
  ])("refuses a directory with a file %s", async (_, header, code, message) => {
    const directory = tempDir();
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    put(directory, "model.safetensors", Buffer.concat([length, Buffer.from(header)]));
    await expect(openTeacherLog({ directory, run, source })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  it.each(["", "short", "a text of some length that is no header"])(
    "refuses a directory with a cut file: %j",
    async (content) => {
      const directory = tempDir();
      put(directory, "x.safetensors", content);
      await expect(openTeacherLog({ directory, run, source })).rejects.toMatchObject({
        code: "UNREADABLE",
        message: expect.stringContaining("its header does not fit"),
      });
    },
  );

  it("reports where it cannot write", async () => {
    const directory = put(tempDir(), "a-file", "");
    await expect(openTeacherLog({ directory, run, source })).rejects.toMatchObject({
      code: "WRITE_FAILED",
      message: expect.stringContaining("a-file"),
    });
  });
});

describe("toHalf", () => {
  const half = (value: number) => toHalf(Float64Array.of(value))[0] ?? Number.NaN;

  it.each([
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [-0.333251953125, 0xb555],
    // Between two neighbours: to the even one; just beyond: up.
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [1 + 2 ** -11 + 2 ** -40, 0x3c01],
    [2 - 2 ** -11, 0x4000],
    // Subnormal numbers: the least, half of it, just above the half, the largest, what rounds to normal.
    [2 ** -24, 0x0001],
    [-(2 ** -25), 0x8000],
    [2 ** -25 * (1 + 2 ** -40), 0x0001],
    [3 * 2 ** -25, 0x0002],
    [2 ** -14 - 2 ** -24, 0x03ff],
    [2 ** -14 - 2 ** -25, 0x0400],
    [2 ** -14, 0x0400],
    [Number.MIN_VALUE, 0x0000],
    // The largest, and what is beyond.
    [65_504, 0x7bff],
    [65_519.9, 0x7bff],
    [-1e300, 0xfbff],
    [Number.NEGATIVE_INFINITY, 0xfbff],
    [Number.POSITIVE_INFINITY, 0x7bff],
    [Number.NaN, 0x7e00],
  ])("%d", (value, bits) => {
    expect(half(value)).toBe(bits);
  });

  it("gives every finite half back", () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = halfValue(bits);
      if (Number.isFinite(value)) expect(half(value)).toBe(bits);
    }
  });

  it("never has a neighbour that is nearer", () => {
    const value = fc.oneof(fc.double({ min: -20, max: 0 }), fc.double({ min: -7e4, max: 7e4 }));
    const property = fc.property(value, (value) => {
      const bits = half(value);
      const error = Math.abs(halfValue(bits) - value);
      for (const next of [bits - 1, bits + 1]) {
        const other = halfValue(next & 0xffff);
        if (Number.isFinite(other)) expect(Math.abs(other - value)).toBeGreaterThanOrEqual(error);
      }
    });
    fc.assert(property, { numRuns: 2_000 });
  });
});
