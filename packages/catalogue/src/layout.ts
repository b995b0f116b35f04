/**
 * The layout of a prepared catalogue, in memory and in a file:
 *
 *   0   8 bytes  "NBCATLOG"
 *   8   u32      format version
 *   12  u32 × 5  the counts: levels, nodes, leaves, items, bytes of all ids
 *   32  32 bytes content hash
 *   64  32 bytes SHA-256 over everything but these 32 bytes
 *   96           the sections, in the order of `Sections`, each padded with zeros to 8 bytes
 *
 * Numbers are little-endian. The sections are read in place as typed arrays, that is in the
 * machine's order; on a big-endian machine the version would read as a foreign one and be refused.
 */
import { slotsFor } from "./id-slots.js";

/** The file's first eight bytes. */
export const MAGIC = "NBCATLOG";
/** Increases with every change that a reader of the old layout would misread. */
export const FORMAT_VERSION = 1;
/** Byte ranges of the header. */
export const HEADER = { version: 8, counts: 12, hash: 32, checksum: 64, end: 96 } as const;

/** The numbers from which every section's length follows. */
export interface Counts {
  readonly levels: number;
  readonly nodes: number;
  readonly leaves: number;
  readonly items: number;
  readonly idBytes: number;
}

/** The arrays of a catalogue: views of one buffer. */
export interface Sections {
  /** The trie's. Shape [nodes]. */
  readonly codes: Uint16Array;
  /** The trie's. Shape [nodes + 1]. */
  readonly firstChild: Uint32Array;
  /** The trie's. Shape [levels + 2]. */
  readonly levelStart: Uint32Array;
  /** Largest code + 1. Shape [levels]. */
  readonly codesPerLevel: Uint32Array;
  /** Items of the i-th leaf are `firstItem[i]` up to, not including, `firstItem[i + 1]`. Shape [leaves + 1]. */
  readonly firstItem: Uint32Array;
  /** Trie node of every item's leaf. Shape [items]. */
  readonly leafOfItem: Uint32Array;
  /** Where every item's id starts in `idBytes`. Shape [items + 1]. */
  readonly idStart: Uint32Array;
  /** Hash table from id to item. Shape [slotsFor(items)]. */
  readonly slots: Uint32Array;
  /** Ids in UTF-8. Shape [idBytes]. */
  readonly idBytes: Uint8Array;
}

/** Length in bytes of a prepared catalogue. */
export function byteLengthOf(counts: Counts): number {
  return offsetsOf(counts).end;
}

/** The sections of a prepared catalogue that starts at the buffer's first byte. */
export function sectionsOf(buffer: SharedArrayBuffer, counts: Counts): Sections {
  const { levels, nodes, leaves, items } = counts;
  const at = offsetsOf(counts);
  return {
    codes: new Uint16Array(buffer, at.codes, nodes),
    firstChild: new Uint32Array(buffer, at.firstChild, nodes + 1),
    levelStart: new Uint32Array(buffer, at.levelStart, levels + 2),
    codesPerLevel: new Uint32Array(buffer, at.codesPerLevel, levels),
    firstItem: new Uint32Array(buffer, at.firstItem, leaves + 1),
    leafOfItem: new Uint32Array(buffer, at.leafOfItem, items),
    idStart: new Uint32Array(buffer, at.idStart, items + 1),
    slots: new Uint32Array(buffer, at.slots, slotsFor(items)),
    idBytes: new Uint8Array(buffer, at.idBytes, counts.idBytes),
  };
}

function offsetsOf({ levels, nodes, leaves, items, idBytes }: Counts) {
  const codes = HEADER.end;
  const firstChild = padded(codes + 2 * nodes);
  const levelStart = padded(firstChild + 4 * (nodes + 1));
  const codesPerLevel = padded(levelStart + 4 * (levels + 2));
  const firstItem = padded(codesPerLevel + 4 * levels);
  const leafOfItem = padded(firstItem + 4 * (leaves + 1));
  const idStart = padded(leafOfItem + 4 * items);
  const slots = padded(idStart + 4 * (items + 1));
  const idBytesAt = padded(slots + 4 * slotsFor(items));
  const end = padded(idBytesAt + idBytes);
  return {
    codes,
    firstChild,
    levelStart,
    codesPerLevel,
    firstItem,
    leafOfItem,
    idStart,
    slots,
    idBytes: idBytesAt,
    end,
  };
}

function padded(offset: number): number {
  return Math.ceil(offset / 8) * 8;
}
