import { compareBytes } from "./utf8.js";

/** Items as they came, in flat arrays: what a catalogue is made of. */
export interface ItemTable {
  readonly levels: number;
  readonly count: number;
  /** Codes row by row. At least [count × levels]. */
  readonly codes: Uint16Array;
  /** Ids as UTF-8, one after the other. */
  readonly idBytes: Uint8Array;
  /** Id of item i is `idBytes[idStart[i]]` up to, not including, `idBytes[idStart[i + 1]]`. */
  readonly idStart: Uint32Array;
}

/** The rows in catalogue order: by code path, then by the bytes of the id. Shape [count]. */
export function canonicalOrder(table: ItemTable): Uint32Array {
  const order = orderByPath(table);
  let begin = 0;
  for (let i = 1; i <= order.length; i++) {
    const same =
      i < order.length &&
      sharedCodes(table, { a: order[i - 1] ?? 0, b: order[i] ?? 0 }) === table.levels;
    if (same) continue;
    if (i - begin > 1) order.subarray(begin, i).sort((a, b) => compareIds(table, { a, b }));
    begin = i;
  }
  return order;
}

/** Number of leading codes that two rows have in common: 0 to `levels`. */
export function sharedCodes(table: ItemTable, { a, b }: { a: number; b: number }): number {
  const { codes, levels } = table;
  let shared = 0;
  while (shared < levels && codes[a * levels + shared] === codes[b * levels + shared]) shared++;
  return shared;
}

function compareIds({ idBytes, idStart }: ItemTable, { a, b }: { a: number; b: number }): number {
  return compareBytes(
    { bytes: idBytes, begin: idStart[a] ?? 0, end: idStart[a + 1] ?? 0 },
    { bytes: idBytes, begin: idStart[b] ?? 0, end: idStart[b + 1] ?? 0 },
  );
}

// Counting sort from the last code to the first: linear, where a comparison sort of a million rows
// takes seconds.
function orderByPath({ levels, count, codes }: ItemTable): Uint32Array {
  let order = Uint32Array.from({ length: count }, (_, row) => row);
  let next = new Uint32Array(count);
  const starts = new Uint32Array(0x1_0001);
  for (let level = levels - 1; level >= 0; level--) {
    starts.fill(0);
    for (let row = 0; row < count; row++) {
      const after = (codes[row * levels + level] ?? 0) + 1;
      starts[after] = (starts[after] ?? 0) + 1;
    }
    for (let code = 1; code < starts.length; code++) {
      starts[code] = (starts[code] ?? 0) + (starts[code - 1] ?? 0);
    }
    for (const row of order) {
      const code = codes[row * levels + level] ?? 0;
      const place = starts[code] ?? 0;
      next[place] = row;
      starts[code] = place + 1;
    }
    [order, next] = [next, order];
  }
  return order;
}
