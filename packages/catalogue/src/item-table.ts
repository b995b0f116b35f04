import { compareBytes } from "./utf8.js";

/** Items in flat arrays: what a catalogue is made of. */
export interface ItemTable {
  readonly levels: number;
  readonly count: number;
  /** Codes row by row. At least [count × levels]. */
  readonly codes: Uint16Array;
  /** Ids as UTF-8, one after the other. */
  readonly idBytes: Uint8Array;
  /** Id of row i is `idBytes[idStart[i]]` up to, not including, `idBytes[idStart[i + 1]]`. At least [count + 1]. */
  readonly idStart: Uint32Array;
}

/** A table whose memory is freed when its rows have been copied. */
export interface ReleasableTable extends ItemTable {
  release(): void;
}

/** Rows per part, about: their codes and ids stay in a processor's cache while they are sorted. */
const PART_ROWS = 8_192;

/**
 * The rows of all blocks in catalogue order: by code path, then by the bytes of the id. Rows are first distributed over
 * parts by their first two codes, then each part is sorted: a sort of ten million rows in one piece waits for memory at
 * each row.
 *
 * @param blocks at least one, all of the same number of levels; they are released
 */
export function sortTable(blocks: readonly ReleasableTable[]): ItemTable {
  const largest = largestCodes(blocks);
  const { rows, starts } = distribute(blocks, largest);
  const scratch = new Scratch(rows, starts);
  for (let part = 0; part + 1 < starts.length; part++) {
    const begin = starts[part] ?? 0;
    const count = (starts[part + 1] ?? 0) - begin;
    if (count > 1) scratch.sort({ begin, count, largest });
  }
  return rows;
}

/** The largest code of each level. */
function largestCodes(blocks: readonly ItemTable[]): Uint16Array {
  const largest = new Uint16Array(blocks[0]?.levels ?? 0);
  for (const { codes, count, levels } of blocks) {
    for (let at = 0; at < count * levels; at += levels) {
      for (let level = 0; level < levels; level++) {
        const code = codes[at + level] ?? 0;
        if (code > (largest[level] ?? 0)) largest[level] = code;
      }
    }
  }
  return largest;
}

/** Rows whose parts are in order, and the first row of every part and the last one's end. */
function distribute(blocks: readonly ReleasableTable[], largest: Uint16Array) {
  const levels = largest.length;
  const [first = 0, second = 0] = largest;
  const rowCount = blocks.reduce((sum, { count }) => sum + count, 0);
  const byteCount = blocks.reduce((sum, { count, idStart }) => sum + (idStart[count] ?? 0), 0);
  const parts = Math.ceil(rowCount / PART_ROWS);
  const scale = parts / ((first + 1) * (second + 1));
  // Rises with the first two codes, so the parts are in catalogue order.
  const partOf = (codes: Uint16Array, row: number): number => {
    const at = row * levels;
    return Math.floor(((codes[at] ?? 0) * (second + 1) + (codes[at + 1] ?? 0)) * scale);
  };
  const starts = new Uint32Array(parts + 1);
  const nextByte = new Uint32Array(parts + 1);
  for (const { codes, count, idStart } of blocks) {
    for (let row = 0; row < count; row++) {
      const after = partOf(codes, row) + 1;
      starts[after] = (starts[after] ?? 0) + 1;
      nextByte[after] = (nextByte[after] ?? 0) + (idStart[row + 1] ?? 0) - (idStart[row] ?? 0);
    }
  }
  for (let part = 1; part <= parts; part++) {
    starts[part] = (starts[part] ?? 0) + (starts[part - 1] ?? 0);
    nextByte[part] = (nextByte[part] ?? 0) + (nextByte[part - 1] ?? 0);
  }
  const nextRow = starts.slice();
  const rows = {
    ...{ levels, count: rowCount, codes: new Uint16Array(rowCount * levels) },
    ...{ idBytes: new Uint8Array(byteCount), idStart: new Uint32Array(rowCount + 1) },
  };
  for (const block of blocks) {
    for (let row = 0; row < block.count; row++) {
      const part = partOf(block.codes, row);
      const to = nextRow[part] ?? 0;
      nextRow[part] = to + 1;
      copyCodes(rows.codes, to, { codes: block.codes, row, levels });
      const toByte = nextByte[part] ?? 0;
      rows.idStart[to] = toByte;
      nextByte[part] = copyId(rows.idBytes, toByte, {
        idBytes: block.idBytes,
        idStart: block.idStart,
        row,
      });
    }
    block.release();
  }
  rows.idStart[rowCount] = byteCount;
  return { rows, starts };
}

/** Sorts parts of a table in place. */
class Scratch {
  readonly #rows: ItemTable;
  readonly #codes: Uint16Array;
  readonly #idBytes: Uint8Array;
  readonly #idStart: Uint32Array;
  #order: Uint32Array;
  #next: Uint32Array;
  readonly #starts = new Uint32Array(0x1_0001);

  constructor(rows: ItemTable, starts: Uint32Array) {
    let count = 0;
    let bytes = 0;
    for (let part = 0; part + 1 < starts.length; part++) {
      const [begin = 0, end = 0] = starts.subarray(part, part + 2);
      count = Math.max(count, end - begin);
      bytes = Math.max(bytes, (rows.idStart[end] ?? 0) - (rows.idStart[begin] ?? 0));
    }
    this.#rows = rows;
    this.#codes = new Uint16Array(count * rows.levels);
    this.#idBytes = new Uint8Array(bytes);
    this.#idStart = new Uint32Array(count + 1);
    this.#order = new Uint32Array(count);
    this.#next = new Uint32Array(count);
  }

  sort(part: { begin: number; count: number; largest: Uint16Array }): void {
    const { begin, count } = part;
    const { levels, codes, idBytes, idStart } = this.#rows;
    const firstByte = idStart[begin] ?? 0;
    this.#codes.set(codes.subarray(begin * levels, (begin + count) * levels));
    this.#idBytes.set(idBytes.subarray(firstByte, idStart[begin + count] ?? 0));
    for (let i = 0; i <= count; i++) this.#idStart[i] = (idStart[begin + i] ?? 0) - firstByte;
    this.#orderByPath(part);
    this.#orderById(count);
    let at = firstByte;
    for (let i = 0; i < count; i++) {
      const row = this.#order[i] ?? 0;
      copyCodes(codes, begin + i, { codes: this.#codes, row, levels });
      idStart[begin + i] = at;
      at = copyId(idBytes, at, { idBytes: this.#idBytes, idStart: this.#idStart, row });
    }
  }

  // Counting sort from the last code to the first.
  #orderByPath({ count, largest }: { count: number; largest: Uint16Array }): void {
    const { levels } = this.#rows;
    const codes = this.#codes;
    const starts = this.#starts;
    for (let i = 0; i < count; i++) this.#order[i] = i;
    for (let level = levels - 1; level >= 0; level--) {
      const order = this.#order;
      const next = this.#next;
      const end = (largest[level] ?? 0) + 1;
      starts.fill(0, 0, end + 1);
      for (let at = level; at < count * levels; at += levels) {
        const after = (codes[at] ?? 0) + 1;
        starts[after] = (starts[after] ?? 0) + 1;
      }
      for (let code = 1; code < end; code++) {
        starts[code] = (starts[code] ?? 0) + (starts[code - 1] ?? 0);
      }
      for (let i = 0; i < count; i++) {
        const row = order[i] ?? 0;
        const code = codes[row * levels + level] ?? 0;
        const place = starts[code] ?? 0;
        next[place] = row;
        starts[code] = place + 1;
      }
      this.#order = next;
      this.#next = order;
    }
  }

  /** Sorts rows of the same path. */
  #orderById(count: number): void {
    const { levels } = this.#rows;
    const order = this.#order;
    let begin = 0;
    for (let i = 1; i <= count; i++) {
      const pair = { a: order[i - 1] ?? 0, b: order[i] ?? 0 };
      if (i < count && sharedCodes({ levels, codes: this.#codes }, pair) === levels) continue;
      if (i - begin > 1) order.subarray(begin, i).sort((a, b) => this.#compareIds(a, b));
      begin = i;
    }
  }

  #compareIds(a: number, b: number): number {
    const bytes = this.#idBytes;
    const starts = this.#idStart;
    return compareBytes(
      { bytes, begin: starts[a] ?? 0, end: starts[a + 1] ?? 0 },
      { bytes, begin: starts[b] ?? 0, end: starts[b + 1] ?? 0 },
    );
  }
}

/** Number of leading codes that two rows have in common: 0 to `levels`. */
export function sharedCodes(
  { codes, levels }: Pick<ItemTable, "codes" | "levels">,
  { a, b }: { a: number; b: number },
): number {
  let shared = 0;
  while (shared < levels && codes[a * levels + shared] === codes[b * levels + shared]) shared++;
  return shared;
}

/** Copies the codes of a row to the row `to`. */
function copyCodes(
  target: Uint16Array,
  to: number,
  { codes, row, levels }: { codes: Uint16Array; row: number; levels: number },
): void {
  for (let level = 0; level < levels; level++) {
    target[to * levels + level] = codes[row * levels + level] ?? 0;
  }
}

/** Copies the id of a row to the byte `at`; returns its end. */
function copyId(
  target: Uint8Array,
  at: number,
  { idBytes, idStart, row }: { idBytes: Uint8Array; idStart: Uint32Array; row: number },
): number {
  const begin = idStart[row] ?? 0;
  const length = (idStart[row + 1] ?? 0) - begin;
  for (let i = 0; i < length; i++) target[at + i] = idBytes[begin + i] ?? 0;
  return at + length;
}
