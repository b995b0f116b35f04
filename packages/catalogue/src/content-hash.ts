import { createHash } from "node:crypto";
import type { ItemTable } from "./item-table.js";

/**
 * SHA-256 of a catalogue's canonical form, 32 bytes. The form, for other implementations:
 * the line `nightbeam-catalogue 1 levels=<L> items=<n>\n`, then for every item, ordered by code path
 * and then by the UTF-8 bytes of its id: its L codes as u16, the length of its id in bytes as u32,
 * the id. Numbers are little-endian.
 */
export function contentHash(table: ItemTable, order: Uint32Array): Uint8Array {
  const { levels, codes, idBytes, idStart } = table;
  const hash = createHash("sha256");
  hash.update(`nightbeam-catalogue 1 levels=${levels} items=${order.length}\n`);
  // Rows are gathered into pieces: an update of a few bytes each would cost more than the hashing.
  let piece = new Uint8Array(1 << 16);
  let view = new DataView(piece.buffer);
  let at = 0;
  for (const row of order) {
    const begin = idStart[row] ?? 0;
    const end = idStart[row + 1] ?? 0;
    const size = 2 * levels + 4 + end - begin;
    if (at + size > piece.length) {
      hash.update(piece.subarray(0, at));
      at = 0;
      if (size > piece.length) {
        piece = new Uint8Array(size);
        view = new DataView(piece.buffer);
      }
    }
    for (let level = 0; level < levels; level++, at += 2) {
      view.setUint16(at, codes[row * levels + level] ?? 0, true);
    }
    view.setUint32(at, end - begin, true);
    at += 4;
    for (let i = begin; i < end; i++) piece[at++] = idBytes[i] ?? 0;
  }
  hash.update(piece.subarray(0, at));
  return hash.digest();
}
