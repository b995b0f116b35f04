import { join } from "node:path";
import { openRegular } from "@nightbeam/store";
import { readBytes } from "./bytes.js";

/** A tensor in a safetensors file. */
export interface StoredTensor {
  readonly name: string;
  /** Element type as the format names it: F32, F16, BF16, … */
  readonly type: string;
  readonly shape: readonly number[];
  readonly directory: string;
  /** File name within the directory. */
  readonly file: string;
  /** Offset in the file, in bytes. */
  readonly offset: number;
  readonly length: number;
}

/** The bytes of one tensor, in a buffer of their own. */
export async function readTensor(tensor: StoredTensor): Promise<ArrayBuffer> {
  const handle = await openRegular(join(tensor.directory, tensor.file));
  try {
    return await readBytes(handle, tensor);
  } finally {
    await handle.close();
  }
}

/** Bytes of each tensor that are in memory at once while two are compared. */
const COMPARED_BYTES = 2 ** 22;

/** Whether two tensors have equal shapes and bytes. Reads them in pieces, up to the first that differs. */
export async function sameTensors(one: StoredTensor, other: StoredTensor): Promise<boolean> {
  if (one.type !== other.type || one.shape.join() !== other.shape.join()) return false;
  const others = piecesOf(other);
  try {
    for await (const piece of piecesOf(one)) {
      const { value } = await others.next();
      if (value === undefined || !piece.equals(value)) return false;
    }
    return true;
  } finally {
    await others.return(undefined);
  }
}

async function* piecesOf(tensor: StoredTensor): AsyncGenerator<Buffer, undefined> {
  const handle = await openRegular(join(tensor.directory, tensor.file));
  try {
    for (let at = 0; at < tensor.length; at += COMPARED_BYTES) {
      const length = Math.min(COMPARED_BYTES, tensor.length - at);
      yield Buffer.from(await readBytes(handle, { offset: tensor.offset + at, length }));
    }
  } finally {
    await handle.close();
  }
}
