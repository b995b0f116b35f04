import { createHash } from "node:crypto";
import type { ItemTable } from "./item-table.js";

/** Bytes that are hashed at once: an update of a few bytes per item would cost more than the hashing. */
const PIECE_BYTES = 1 << 16;

/**
 * SHA-256 of a catalogue's canonical form, 32 bytes. The form, for other implementations:
 * the line `nightbeam-catalogue 1 levels=<L> items=<n>\n`, then for every item, ordered by code path
 * and then by the UTF-8 bytes of its id: its L codes as u16, the length of its id in bytes as u32,
 * the id. Numbers are little-endian.
 */
export function contentHash({ levels, count, codes, idBytes, idStart }: ItemTable): Uint8Array {
  const hash = createHash("sha256");
  hash.update(`nightbeam-catalogue 1 levels=${levels} items=${count}\n`);
  let piece = new Uint8Array(PIECE_BYTES);
  let at = 0;
  for (let row = 0; row < count; row++) {
    const begin = idStart[row] ?? 0;
    const length = (idStart[row + 1] ?? 0) - begin;
    const size = 2 * levels + 4 + length;
    if (at + size > piece.length) {
      hash.update(piece.subarray(0, at));
      at = 0;
      if (size > piece.length) piece = new Uint8Array(size);
    }
    for (let level = 0; level < levels; level++) {
      const code = codes[row * levels + level] ?? 0;
      piece[at++] = code;
      piece[at++] = code >>> 8;
    }
    for (let bits = 0; bits < 32; bits += 8) piece[at++] = length >>> bits;
    for (let i = 0; i < length; i++) piece[at++] = idBytes[begin + i] ?? 0;
  }
  hash.update(piece.subarray(0, at));
  return hash.digest();
}
