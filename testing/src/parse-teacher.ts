import { readFileSync } from "node:fs";

/** One user of a file of teacher data. */
export interface ParsedUser {
  readonly prompt: number[];
  readonly truth: number[];
  readonly nodes: { readonly path: number[]; readonly values: number[] }[];
}

export interface ParsedTeacher {
  readonly metadata: Record<string, string>;
  readonly users: ParsedUser[];
}

interface Entry {
  readonly dtype: string;
  readonly shape: number[];
  readonly data_offsets: [number, number];
}

const WIDTHS: Readonly<Record<string, number>> = { I64: 8, I32: 4, F16: 2 };

/** Reads a file as its page describes it, byte by byte, and checks what the page promises. */
export function parseTeacher(path: string): ParsedTeacher {
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString());
  const { __metadata__: metadata, ...tensors } = header;
  const data = bytes.subarray(8 + length);
  if (length % 8 !== 0) throw new Error("the header is not padded");
  checkLayout(tensors, data.length);
  const read = (name: string): number[] => {
    const { dtype, data_offsets }: Entry = tensors[name];
    const numbers: number[] = [];
    const width = WIDTHS[dtype] ?? Number.NaN;
    for (let at = data_offsets[0]; at < data_offsets[1]; at += width) {
      if (dtype === "I64") numbers.push(Number(data.readBigInt64LE(at)));
      else if (dtype === "I32") numbers.push(data.readInt32LE(at));
      else numbers.push(halfAt(data, at));
    }
    return numbers;
  };
  const prompts = runs(read("prompt_tokens"), read("prompt_offsets"));
  const parents = runs(read("node_parent"), read("node_offsets"));
  const codes = runs(read("node_code"), read("node_offsets"));
  const values = runs(read("values"), read("value_offsets"));
  const levels = Number(metadata.levels);
  const truth = read("truth");
  let node = 0;
  const users = prompts.map((prompt, user) => {
    const paths: number[][] = [];
    (parents[user] ?? []).forEach((parent, at) => {
      const code = codes[user]?.[at] ?? Number.NaN;
      if (at === 0 ? parent !== -1 || code !== -1 : !(parent >= 0 && parent < at)) {
        throw new Error(`node ${at} of user ${user} does not follow its parent`);
      }
      paths.push(at === 0 ? [] : [...(paths[parent] ?? []), code]);
    });
    const nodes = paths.map((path) => ({ path, values: values[node++] ?? [] }));
    return { prompt, truth: truth.slice(user * levels, (user + 1) * levels), nodes };
  });
  return { metadata, users };
}

/** Checks that tensors follow each other without gaps, each at a multiple of its numbers' width. */
function checkLayout(tensors: Record<string, Entry>, dataBytes: number): void {
  let end = 0;
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(tensors)) {
    const width = WIDTHS[dtype] ?? Number.NaN;
    const count = shape.reduce((product, size) => product * size, 1);
    if (data_offsets[0] !== end || end % width !== 0) throw new Error(`${name} is out of place`);
    end += count * width;
    if (data_offsets[1] !== end) throw new Error(`${name} does not have the bytes of its shape`);
  }
  if (end !== dataBytes) throw new Error("bytes follow the last tensor");
}

function runs(numbers: readonly number[], offsets: readonly number[]): number[][] {
  if (offsets[0] !== 0 || offsets.at(-1) !== numbers.length) throw new Error("offsets are wrong");
  return offsets.slice(1).map((end, at) => numbers.slice(offsets[at], end));
}

/** IEEE 754 binary16 by its definition. */
function halfAt(data: Buffer, at: number): number {
  return halfValue(data.readUInt16LE(at));
}

/** The number that sixteen bits encode. */
export function halfValue(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -14 : sign * (1 + fraction) * 2 ** (exponent - 15);
}
