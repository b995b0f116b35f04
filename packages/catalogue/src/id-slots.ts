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

/** Two items with the same id. */
export interface EqualIds {
  readonly first: number;
  readonly second: number;
}

/** Enters the items 0 to `count - 1` into empty slots, up to the first whose id an earlier one has. */
export function fillSlots(table: IdSlots, count: number): EqualIds | undefined {
  const { slots, idBytes, idStart } = table;
  // A byte of each entry's hash: comparing the ids themselves would wait for memory at every collision.
  const tags = new Uint8Array(slots.length);
  for (let item = 0; item < count; item++) {
    const begin = idStart[item] ?? 0;
    const end = idStart[item + 1] ?? 0;
    const hash = hashBytes({ bytes: idBytes, begin, end });
    const tag = hash >>> 24;
    let slot = hash % slots.length;
    for (let entry = slots[slot] ?? 0; entry !== 0; entry = slots[slot] ?? 0) {
      const first = entry - 1;
      if (
        tags[slot] === tag &&
        hasId(table, { item: first, key: { bytes: idBytes, begin, end } })
      ) {
        return { first, second: item };
      }
      slot = slot + 1 === slots.length ? 0 : slot + 1;
    }
    slots[slot] = item + 1;
    tags[slot] = tag;
  }
  return undefined;
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
