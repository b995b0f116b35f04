import { NumberFormat } from "../generated/nightbeam/verifier/v1/verifier.js";

/** Numbers as bytes, always little-endian. */
export interface PackedNumbers {
  readonly bytes: Uint8Array;
  readonly format: NumberFormat;
}

/** Packs pieces, concatenated: as float32 if that is exact for all numbers, else as float64. */
export function packNumbers(pieces: readonly Float64Array[]): PackedNumbers {
  const count = pieces.reduce((sum, { length }) => sum + length, 0);
  const short = pieces.every(isSingle);
  const bytes = new Uint8Array(count * (short ? 4 : 8));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const piece of pieces) {
    for (let i = 0; i < piece.length; i++) {
      const value = piece[i] ?? 0;
      if (short) view.setFloat32(at, value, true);
      else view.setFloat64(at, value, true);
      at += short ? 4 : 8;
    }
  }
  const format = short ? NumberFormat.NUMBER_FORMAT_FLOAT32 : NumberFormat.NUMBER_FORMAT_FLOAT64;
  return { bytes, format };
}

function isSingle(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (Math.fround(value) !== value) return false;
  }
  return true;
}

/** Bytes per number. Undefined for a format that this version does not know. */
export function bytesPerNumber(format: NumberFormat): number | undefined {
  if (format === NumberFormat.NUMBER_FORMAT_FLOAT32) return 4;
  if (format === NumberFormat.NUMBER_FORMAT_FLOAT64) return 8;
  return undefined;
}

/** Unpacks numbers into pieces of these lengths, whose sum must fit the number of bytes. */
export function unpackNumbers(packed: PackedNumbers, lengths: readonly number[]): Float64Array[] {
  const { bytes, format } = packed;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const short = format === NumberFormat.NUMBER_FORMAT_FLOAT32;
  let at = 0;
  return lengths.map((length) => {
    const piece = new Float64Array(length);
    for (let i = 0; i < length; i++) {
      piece[i] = short ? view.getFloat32(at, true) : view.getFloat64(at, true);
      at += short ? 4 : 8;
    }
    return piece;
  });
}
