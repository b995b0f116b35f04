import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A checkpoint's weights by name, row by row, as float64. */
export interface ReferenceTensors {
  /** @throws Error if there is no such tensor */
  get(name: string): Float64Array;
  find(name: string): Float64Array | undefined;
}

/** Reads `model.safetensors`, or the files that `model.safetensors.index.json` names. */
export function readReferenceTensors(directory: string): ReferenceTensors {
  const index = join(directory, "model.safetensors.index.json");
  const files = existsSync(index) ? filesOf(index) : ["model.safetensors"];
  const tensors = new Map<string, Float64Array>();
  for (const file of files) readFile(join(directory, file), tensors);
  const find = (name: string) => tensors.get(name);
  return {
    find,
    get(name) {
      const tensor = find(name);
      if (tensor === undefined) throw new Error(`${directory} has no tensor ${name}`);
      return tensor;
    },
  };
}

function filesOf(index: string): string[] {
  const parsed: { weight_map: Record<string, string> } = JSON.parse(readFileSync(index, "utf8"));
  return [...new Set(Object.values(parsed.weight_map))];
}

function readFile(path: string, into: Map<string, Float64Array>): void {
  const bytes = readFileSync(path);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header: Record<string, { dtype: string; data_offsets: [number, number] }> = JSON.parse(
    bytes.toString("utf8", 8, start),
  );
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const [from, to] = entry.data_offsets;
    into.set(name, decode(bytes.subarray(start + from, start + to), entry.dtype));
  }
}

function decode(bytes: Buffer, dtype: string): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (dtype) {
    case "F32":
      return numbers(bytes.length / 4, (i) => view.getFloat32(4 * i, true));
    case "F16":
      return numbers(bytes.length / 2, (i) => half(view.getUint16(2 * i, true)));
    case "BF16":
      return numbers(bytes.length / 2, (i) => bfloat(view.getUint16(2 * i, true)));
    default:
      throw new Error(`dtype ${dtype} is not one of F32, F16, BF16`);
  }
}

function numbers(length: number, at: (i: number) => number): Float64Array {
  const values = new Float64Array(length);
  for (let i = 0; i < length; i++) values[i] = at(i);
  return values;
}

/** IEEE half: 1 sign, 5 exponent, 10 mantissa bits. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  return sign * (1024 + mantissa) * 2 ** (exponent - 25);
}

/** The upper half of a float32: 1 sign, 8 exponent, 7 mantissa bits. */
function bfloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 7) & 255;
  const mantissa = bits & 127;
  if (exponent === 255) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * mantissa * 2 ** -133;
  return sign * (128 + mantissa) * 2 ** (exponent - 134);
}
