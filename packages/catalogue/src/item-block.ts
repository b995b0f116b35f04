import type { ItemTable } from "./item-table.js";

// TypeScript has these only in a library whose other half Node 20 lacks.
declare global {
  interface ArrayBuffer {
    resize(byteLength: number): void;
  }
  interface ArrayBufferConstructor {
    new (byteLength: number, options: { readonly maxByteLength: number }): ArrayBuffer;
  }
}

/** Rows of a block at most: one array for all rows would be copied as it grows, and take twice the memory then. */
export const BLOCK_ROWS = 1 << 16;
/** Rows of a new block, and bytes of each id: blocks grow, as most catalogues are small. */
const FIRST_ROWS = 256;
const FIRST_ID_BYTES = 12;

/** A growing table of a builder. */
export class ItemBlock implements ItemTable {
  readonly levels: number;
  count = 0;
  codes: Uint16Array<ArrayBuffer>;
  idBytes: Uint8Array<ArrayBuffer>;
  idStart: Uint32Array<ArrayBuffer>;

  constructor(levels: number) {
    this.levels = levels;
    this.codes = new Uint16Array(releasable(2 * FIRST_ROWS * levels));
    this.idBytes = new Uint8Array(releasable(FIRST_ROWS * FIRST_ID_BYTES));
    this.idStart = new Uint32Array(releasable(4 * (FIRST_ROWS + 1)));
  }

  /** Makes room for a row with so many bytes of its id. */
  makeRoom(idBytes: number): void {
    const rows = this.idStart.length - 1;
    if (this.count === rows) {
      const [codes, idStart] = [this.codes, this.idStart];
      this.codes = new Uint16Array(releasable(4 * rows * this.levels));
      this.codes.set(codes);
      this.idStart = new Uint32Array(releasable(4 * (2 * rows + 1)));
      this.idStart.set(idStart);
      codes.buffer.resize(0);
      idStart.buffer.resize(0);
    }
    const end = (this.idStart[this.count] ?? 0) + idBytes;
    if (end <= this.idBytes.length) return;
    const bytes = this.idBytes;
    this.idBytes = new Uint8Array(releasable(Math.max(end, 2 * bytes.length)));
    this.idBytes.set(bytes);
    bytes.buffer.resize(0);
  }

  /** Enters a row whose id has been written up to `idEnd`. */
  push(codes: ArrayLike<number>, idEnd: number): void {
    const at = this.count * this.levels;
    for (let level = 0; level < this.levels; level++) this.codes[at + level] = codes[level] ?? 0;
    this.count += 1;
    this.idStart[this.count] = idEnd;
  }

  /** Frees the memory at once; the block cannot be used afterwards. */
  release(): void {
    for (const { buffer } of [this.codes, this.idBytes, this.idStart]) buffer.resize(0);
  }
}

// Only a resizable buffer can be freed without waiting for the garbage collector, which does not run while a large
// catalogue is sorted: its memory would be taken twice.
function releasable(bytes: number): ArrayBuffer {
  return new ArrayBuffer(bytes, { maxByteLength: bytes });
}
