import type { FileHandle } from "node:fs/promises";
import { openRegular, reasonOf } from "@nightbeam/store";
import { z } from "zod";
import { DatasetError, readFailure } from "../errors.js";

/** A tensor of a file; its numbers may be in several pieces. */
export interface TensorPieces {
  readonly name: string;
  readonly dtype: "I64" | "I32" | "F16";
  readonly shape: readonly number[];
  readonly pieces: readonly (BigInt64Array | Int32Array | Uint16Array)[];
}

/** A header of 100 MB describes more tensors than any file has; a larger one means a damaged file. */
const LONGEST_HEADER = 100_000_000;

/**
 * A safetensors file as pieces to concatenate: header length (u64, little-endian), header (JSON, padded
 * to 8 bytes), numbers. Wide types must come first, so that all numbers are aligned.
 */
export function safetensors(
  metadata: Readonly<Record<string, string>>,
  tensors: readonly TensorPieces[],
): Uint8Array[] {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const { name, dtype, shape, pieces } of tensors) {
    const start = end;
    for (const { byteLength } of pieces) end += byteLength;
    header[name] = { dtype, shape, data_offsets: [start, end] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const padding = Buffer.alloc(-text.length & 7, " ");
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length + padding.length));
  const numbers = tensors.flatMap(({ pieces }) =>
    pieces.map((piece) => new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength)),
  );
  return [Buffer.concat([length, text, padding]), ...numbers];
}

const headerSchema = z.looseObject({
  __metadata__: z.record(z.string(), z.string()).default({}),
});

/**
 * Reads the metadata of a safetensors file; only its header is read.
 *
 * @throws DatasetError FILE_NOT_FOUND, UNREADABLE
 */
export async function readMetadata(path: string): Promise<Record<string, string>> {
  let file: FileHandle;
  try {
    file = await openRegular(path);
  } catch (error) {
    throw readFailure(path, error);
  }
  try {
    const { size } = await file.stat();
    const start = await file.read(Buffer.alloc(8), 0, 8, 0);
    const length = start.bytesRead < 8 ? Number.NaN : Number(start.buffer.readBigUInt64LE());
    if (!(length <= Math.min(LONGEST_HEADER, size - 8))) throw new Error("its header does not fit");
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, 8);
    return headerSchema.parse(JSON.parse(buffer.toString())).__metadata__;
  } catch (error) {
    const problem = error instanceof z.ZodError ? "its header does not match the format" : "";
    throw new DatasetError(
      "UNREADABLE",
      `${path} is not a safetensors file: ${problem || reasonOf(error)}. Move it elsewhere.`,
      { cause: error },
    );
  } finally {
    await file.close();
  }
}
