import type { FileHandle } from "node:fs/promises";

/** One system call moves at most 2 GiB, and an embedding can be larger. */
const PIECE_BYTES = 2 ** 30;

/** @throws Error if the file ends first */
export async function readBytes(
  handle: FileHandle,
  range: { offset: number; length: number },
): Promise<ArrayBuffer> {
  const bytes = new Uint8Array(range.length);
  for (let at = 0; at < bytes.length; ) {
    const piece = Math.min(PIECE_BYTES, bytes.length - at);
    const { bytesRead } = await handle.read(bytes, at, piece, range.offset + at);
    if (bytesRead === 0) throw new Error(`the file ends at ${range.offset + at} bytes`);
    at += bytesRead;
  }
  return bytes.buffer;
}

/** Writes all bytes at an offset of a file. */
export async function writeBytes(
  handle: FileHandle,
  bytes: Uint8Array,
  offset: number,
): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const piece = Math.min(PIECE_BYTES, bytes.length - at);
    at += (await handle.write(bytes, at, piece, offset + at)).bytesWritten;
  }
}
