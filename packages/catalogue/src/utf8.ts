/**
 * Writes `text` as UTF-8 into `bytes` from `at` on. Returns the end, or -1 if the text holds a
 * lone surrogate, which UTF-8 cannot write (encoders put U+FFFD there, and two ids would become
 * one). `bytes` must have room for three bytes per UTF-16 unit.
 */
export function writeUtf8(text: string, target: { bytes: Uint8Array; at: number }): number {
  const { bytes, at } = target;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return writeBeyondAscii(text, target);
    bytes[at + i] = unit;
  }
  return at + text.length;
}

// Ids are nearly always ASCII, and for those a loop beats a call into the encoder several times over.
function writeBeyondAscii(text: string, { bytes, at }: { bytes: Uint8Array; at: number }): number {
  // With the u flag a paired surrogate is one code point outside the class, so only lone ones match.
  if (/\p{Surrogate}/u.test(text)) return -1;
  return at + new TextEncoder().encodeInto(text, bytes.subarray(at)).written;
}

/** A stretch of bytes: `begin` up to, not including, `end`. */
export interface ByteRange {
  readonly bytes: Uint8Array;
  readonly begin: number;
  readonly end: number;
}

/** Order of two stretches by their bytes (for UTF-8: by code point); negative, 0 or positive. */
export function compareBytes(a: ByteRange, b: ByteRange): number {
  const lengthA = a.end - a.begin;
  const lengthB = b.end - b.begin;
  const shorter = Math.min(lengthA, lengthB);
  for (let i = 0; i < shorter; i++) {
    const difference = (a.bytes[a.begin + i] ?? 0) - (b.bytes[b.begin + i] ?? 0);
    if (difference !== 0) return difference;
  }
  return lengthA - lengthB;
}
