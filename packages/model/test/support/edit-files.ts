import { readFile, writeFile } from "node:fs/promises";

/** Lays fields over a JSON file; undefined takes a field away. */
export async function editJson(path: string, fields: Record<string, unknown>): Promise<void> {
  const json: Record<string, unknown> = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify({ ...json, ...fields }));
}

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [begin: number, end: number];
}

/** Rewrites the header of a safetensors file; the numbers after it stay as they are. */
export async function editHeader(
  path: string,
  edit: (header: Record<string, Entry>) => void,
): Promise<void> {
  const bytes = await readFile(path);
  const end = 8 + Number(bytes.readBigUInt64LE());
  const header: Record<string, Entry> = JSON.parse(bytes.toString("utf8", 8, end));
  edit(header);
  await writeFile(path, withHeader(JSON.stringify(header), bytes.subarray(end)));
}

/** A safetensors file of this header and these numbers. */
export function withHeader(header: string, numbers: Uint8Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return Buffer.concat([length, Buffer.from(header), numbers]);
}
