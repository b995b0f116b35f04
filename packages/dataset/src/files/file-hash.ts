import { createHash } from "node:crypto";
import { pipeline } from "node:stream/promises";
import { streamRegular } from "@nightbeam/store";
import { readFailure } from "../errors.js";

const CHUNK_BYTES = 1 << 20;

/** The SHA-256 of a file, in hex. @throws DatasetError; the signal's reason */
export async function fileHash(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  try {
    const file = await streamRegular(path, { chunkBytes: CHUNK_BYTES });
    await pipeline(file, hash, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw readFailure(path, error);
  }
  return hash.digest("hex");
}
