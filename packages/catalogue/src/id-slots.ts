import type { ByteRange } from "./utf8.js";

/**
 * An open-addressing hash table over ids that are in one blob. A JavaScript Map would take about a
 * hundred bytes per item and could not be shared between threads or read from a file.
 */
export interface IdSlots {
  /** Item index + 1, or 0 for an empty slot; at least one slot is empty. Linear probing. */
  readonly slots: Uint32Array;
  /** Ids as UTF-8, one after the other. */
  readonly idBytes: Uint8Array;
  /** Id of item i is `idBytes[idStart[i]]` up to, not including, `idBytes[idStart[i + 1]]`. */
  readonly idStart: Uint32Array;
}

/** Slots for a number of items: six bytes per item, about two probes per hit. */
export function slotsFor(items: number): number {
  return Math.ceil(items * 1.5) + 1;
}

/** The slot that holds the id `key`, or the empty slot where it would go. */
export function findSlot(table: IdSlots, key: ByteRange): number {
  const { slots } = table;
  let slot = hashBytes(key) % slots.length;
  for (;;) {
    const entry = slots[slot] ?? 0;
    if (entry === 0 || hasId(table, { item: entry - 1, key })) return slot;
    slot = slot + 1 === slots.length ? 0 : slot + 1;
  }
}

/** Enters the items 0 to `count - 1`, whose ids are known to be distinct, into empty slots. */
export function fillSlots(table: IdSlots, count: number): void {
  const { slots, idBytes, idStart } = table;
  for (let item = 0; item < count; item++) {
    const range = { bytes: idBytes, begin: idStart[item] ?? 0, end: idStart[item + 1] ?? 0 };
    let slot = hashBytes(range) % slots.length;
    while (slots[slot] !== 0) slot = slot + 1 === slots.length ? 0 : slot + 1;
    slots[slot] = item + 1;
  }
}

function hasId(table: IdSlots, { item, key }: { item: number; key: ByteRange }): boolean {
  const begin = table.idStart[item] ?? 0;
  const length = (table.idStart[item + 1] ?? 0) - begin;
  if (length !== key.end - key.begin) return false;
  // Ids of one catalogue often share their beginning, so the last byte is the likeliest to differ.
  for (let i = length - 1; i >= 0; i--) {
    if (table.idBytes[begin + i] !== key.bytes[key.begin + i]) return false;
  }
  return true;
}

// 32-bit FNV-1a, then MurmurHash3's finaliser: FNV alone leaves runs for ids that count upwards.
function hashBytes({ bytes, begin, end }: ByteRange): number {
  let hash = 0x811c9dc5;
  for (let i = begin; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
