import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bytesOf, encodeNumbers, type TensorFormat } from "./number-formats.js";

/** A named array of weights, row by row. */
export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * Writes `model.safetensors`, or with more than one shard the files
 * `model-00001-of-0000N.safetensors`, … and `model.safetensors.index.json`.
 */
export async function writeWeights(options: {
  readonly directory: string;
  readonly tensors: readonly Tensor[];
  readonly format: TensorFormat;
  readonly shards: number;
}): Promise<void> {
  const { directory, tensors, format, shards } = options;
  if (shards === 1) {
    await writeSafetensors({ path: join(directory, "model.safetensors"), tensors, format });
    return;
  }
  const weightMap: Record<string, string> = {};
  for (let shard = 0; shard < shards; shard++) {
    const file = `model-${digits(shard + 1)}-of-${digits(shards)}.safetensors`;
    // Assigned in turn: consecutive tensors are in different files, which a reader must support.
    const own = tensors.filter((_, i) => i % shards === shard);
    for (const tensor of own) weightMap[tensor.name] = file;
    await writeSafetensors({ path: join(directory, file), tensors: own, format });
  }
  const total = tensors.reduce((sum, { values }) => sum + values.length * bytesOf(format), 0);
  const index = { metadata: { total_size: total }, weight_map: weightMap };
  await writeFile(
    join(directory, "model.safetensors.index.json"),
    `${JSON.stringify(index, null, 2)}\n`,
  );
}

/** One file: header length (u64, little-endian), header (JSON, padded to 8 bytes), the numbers. */
async function writeSafetensors(options: {
  readonly path: string;
  readonly tensors: readonly Tensor[];
  readonly format: TensorFormat;
}): Promise<void> {
  const { path, tensors, format } = options;
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  let offset = 0;
  for (const { name, shape, values } of tensors) {
    const end = offset + values.length * bytesOf(format);
    header[name] = { dtype: format, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const text = JSON.stringify(header);
  const padded = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const file = await open(path, "w");
  try {
    await file.writeFile(Buffer.concat([length, padded]));
    for (const { values } of tensors) await file.writeFile(encodeNumbers(values, format));
  } finally {
    await file.close();
  }
}

function digits(value: number): string {
  return String(value).padStart(5, "0");
}
