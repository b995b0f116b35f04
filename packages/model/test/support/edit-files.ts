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

/** Rewrites the header of a safetensors file. Tensors that an edit lays over others get a copy of the numbers. */
export async function editHeader(
  path: string,
  edit: (header: Record<string, Entry>) => void,
): Promise<void> {
  const bytes = await readFile(path);
  const end = 8 + Number(bytes.readBigUInt64LE());
  const header: Record<string, Entry> = JSON.parse(bytes.toString("utf8", 8, end));
  edit(header);
  const numbers = [bytes.subarray(end)];
  let added = bytes.length - end;
  const taken: [number, number][] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const [from, to] = entry.data_offsets;
    if (taken.some(([start, stop]) => from < stop && start < to)) {
      numbers.push(bytes.subarray(end + from, end + to));
      // A new entry: an edit may have given the same one to two tensors.
      header[name] = { ...entry, data_offsets: [added, added + to - from] };
      added += to - from;
    } else taken.push([from, to]);
  }
  await writeFile(path, withHeader(JSON.stringify(header), Buffer.concat(numbers)));
}

/** A safetensors file of this header and these numbers. */
export function withHeader(header: string, numbers: Uint8Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return Buffer.concat([length, Buffer.from(header), numbers]);
}
