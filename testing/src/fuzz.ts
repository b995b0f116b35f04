import fc from "fast-check";

/** A factor for the number of inputs of all fuzzers: `NIGHTBEAM_FUZZ=100 npx vitest run fuzz`. */
export function fuzzRuns(usual: number): number {
  const factor = Number(process.env.NIGHTBEAM_FUZZ ?? 1);
  return Math.max(1, Math.round(usual * (Number.isFinite(factor) && factor > 0 ? factor : 1)));
}

/** What a number of a file may be replaced by. */
const NUMBERS = [
  "-1",
  "0",
  "0.5",
  "65536",
  "2147483648",
  "4294967296",
  "9007199254740993",
  "1e308",
  "-1e308",
  "1e999",
  "NaN",
  "1152921504606846976",
  "null",
  '"7"',
  "[]",
  "{}",
];
/** What any piece of text may be replaced by. */
const TEXTS = [
  "",
  "__proto__",
  "constructor",
  "\0",
  "\x1b[31m",
  "\u202e",
  "\ufeff",
  '"',
  "'",
  ",",
  "\n",
  "\r",
  "[".repeat(2_000),
  '{"a":'.repeat(1_000),
  "9".repeat(400),
  "x".repeat(70_000),
];

type Change = (bytes: Buffer) => Buffer;

/** A change of a valid file: bytes flipped, cut, doubled, moved or inserted, numbers and names replaced by absurd ones. */
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(share(), fc.integer({ min: 1, max: 255 })).map(([at, mask]) => flip(at, mask)),
  share().map(
    (at): Change =>
      (bytes) =>
        bytes.subarray(0, place(bytes, at)),
  ),
  fc.tuple(share(), share()).map(([a, b]) => onPiece(a, b, () => Buffer.alloc(0))),
  fc
    .tuple(share(), share())
    .map(([a, b]) => onPiece(a, b, (piece) => Buffer.concat([piece, piece]))),
  fc
    .tuple(share(), share())
    .map(([a, b]) => onPiece(a, b, (piece) => Buffer.from(piece).reverse())),
  fc
    .tuple(share(), fc.constantFrom(...TEXTS))
    .map(([at, text]) => onPiece(at, at, () => Buffer.from(text))),
  fc
    .tuple(share(), fc.constantFrom(...NUMBERS))
    .map(([at, text]) => onMatch(/-?\d+(?:\.\d+)?/g, at, text)),
  fc.tuple(share(), fc.constantFrom(...TEXTS)).map(([at, text]) => onMatch(/\w+/g, at, text)),
  fc
    .tuple(share(), fc.constantFrom(0, 0xff, 0x7f))
    .map(([at, byte]) => onPiece(at, at, () => Buffer.alloc(8, byte))),
  fc.tuple(share(), fc.constantFrom(0, 0xff, 0x7f, 0x10)).map(([at, byte]) => overwrite(at, byte)),
);

/** A valid file after one to three changes. */
export function mutated(valid: Uint8Array): fc.Arbitrary<Buffer> {
  return fc
    .array(change, { minLength: 1, maxLength: 3 })
    .map((changes) => changes.reduce<Buffer>((bytes, next) => next(bytes), Buffer.from(valid)));
}

/** A place in a file, as a share of its length. */
function share(): fc.Arbitrary<number> {
  return fc.integer({ min: 0, max: 9_999 }).map((value) => value / 10_000);
}

function place(bytes: Buffer, at: number): number {
  return Math.floor(bytes.length * at);
}

function flip(at: number, mask: number): Change {
  return (bytes) => {
    const copy = Buffer.from(bytes);
    const index = place(copy, at);
    if (copy.length > 0) copy[index] = (copy[index] ?? 0) ^ mask;
    return copy;
  };
}

/** Eight bytes become the same one: lengths and offsets of binary files. */
function overwrite(at: number, byte: number): Change {
  return (bytes) => {
    const copy = Buffer.from(bytes);
    const index = place(copy, at) & ~7;
    return copy.fill(byte, index, Math.min(copy.length, index + 8));
  };
}

function onPiece(from: number, to: number, work: (piece: Buffer) => Buffer): Change {
  return (bytes) => {
    const start = place(bytes, Math.min(from, to));
    const end = place(bytes, Math.max(from, to));
    return Buffer.concat([
      bytes.subarray(0, start),
      work(bytes.subarray(start, end)),
      bytes.subarray(end),
    ]);
  };
}

function onMatch(pattern: RegExp, at: number, text: string): Change {
  return (bytes) => {
    const all = [...bytes.toString("latin1").matchAll(pattern)];
    const found = all[Math.floor(all.length * at)];
    if (found === undefined) return bytes;
    const end = found.index + found[0].length;
    return Buffer.concat([bytes.subarray(0, found.index), Buffer.from(text), bytes.subarray(end)]);
  };
}
