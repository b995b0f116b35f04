import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { readFailure } from "../errors.js";

const CHUNK_BYTES = 1 << 20;

/** The SHA-256 of a file, in hex. @throws DatasetError; the signal's reason */
export async function fileHash(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  try {
    const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
    await pipeline(file, hash, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw readFailure(path, error);
  }
  return hash.digest("hex");
}
