import { writeFile } from "node:fs/promises";
import { withHeader } from "./edit-files.js";

/** Small numbers by name, as a safetensors file of float32. */
export type Tensors = Readonly<Record<string, { shape: readonly number[]; values: Float32Array }>>;

/** A matrix of these rows. */
export function matrix(rows: readonly (readonly number[])[]): Tensors[string] {
  return { shape: [rows.length, rows[0]?.length ?? 0], values: Float32Array.from(rows.flat()) };
}

export async function writeTensors(path: string, tensors: Tensors): Promise<void> {
  let end = 0;
  const entries = Object.entries(tensors).map(([name, { shape, values }]) => {
    const begin = end;
    end += values.byteLength;
    return [name, { dtype: "F32", shape, data_offsets: [begin, end] }] as const;
  });
  const numbers = Buffer.concat(
    Object.values(tensors).map(({ values }) => Buffer.from(values.buffer)),
  );
  await writeFile(path, withHeader(JSON.stringify(Object.fromEntries(entries)), numbers));
}
