/** Reads the bytes of a published list or bucket, see docs/formats/published-lists.md. */
export function byteReader(bytes: Buffer) {
  let at = 0;
  const take = (length: number) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  const number = (): number => {
    const byte = take(1)[0] ?? 0;
    return byte < 128 ? byte : byte - 128 + 128 * number();
  };
  return { take, number, isAtEnd: () => at >= bytes.length };
}

/** The items of a user, best first, and their scores if these were published. */
export function decodeList(bytes: Buffer): { items: string[]; scores?: number[] } {
  const { take, number } = byteReader(bytes);
  const [header = 0] = take(1);
  const item = header & 2 ? () => String(number()) : () => take(number()).toString("utf8");
  const items = Array.from({ length: number() }, item);
  return header & 1 ? { items, scores: items.map(() => take(8).readDoubleLE()) } : { items };
}
