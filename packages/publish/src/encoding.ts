import { PublishError } from "./errors.js";

/** The items of a user, best first, as readers get them. */
export interface PublishedList {
  readonly items: readonly string[];
  /** The score of each item (see the run's lists). Default: scores were not published. */
  readonly scores?: readonly number[];
}

const FORMAT = 0x10;
const HAS_SCORES = 1;
const WHOLE_NUMBERS = 2;

/**
 * A list as bytes, see docs/formats/published-lists.md: a header, the number of items, their ids, their scores. Ids that
 * are all whole numbers take 1 to 8 bytes each, others their UTF-8 and its length. Equal lists give equal bytes.
 */
export function encodeList({ items, scores }: PublishedList): Uint8Array {
  const numbers = items.every(isWholeNumber);
  const header = FORMAT | (scores === undefined ? 0 : HAS_SCORES) | (numbers ? WHOLE_NUMBERS : 0);
  const ids = items.map((item) =>
    numbers ? varint(Number(item)) : withLength(Buffer.from(item, "utf8")),
  );
  const tail = new Float64Array(scores ?? []);
  return Buffer.concat([Buffer.of(header), varint(items.length), ...ids, littleEndian(tail)]);
}

/** The list of `encodeList`. @throws PublishError DAMAGED */
export function decodeList(bytes: Uint8Array): PublishedList {
  const reader = new ByteReader(bytes);
  const header = reader.byte();
  if ((header & ~(HAS_SCORES | WHOLE_NUMBERS)) !== FORMAT) throw damaged(`header ${header}`);
  const count = reader.varint();
  // An item has at least a byte: a damaged count must not ask for memory.
  if (count > bytes.length) throw damaged(`${count} items in ${bytes.length} bytes`);
  const isNumber = (header & WHOLE_NUMBERS) !== 0;
  const items = Array.from({ length: count }, () =>
    isNumber ? String(reader.varint()) : reader.text(),
  );
  const hasScores = (header & HAS_SCORES) !== 0;
  const scores = hasScores ? items.map(() => reader.float64()) : undefined;
  if (!reader.isAtEnd) throw damaged("it is longer than its items");
  return { items, ...(scores === undefined ? {} : { scores }) };
}

/** The list of a user, as the files of a bucket hold it. */
export interface UserList {
  readonly user: string;
  /** See `encodeList`. */
  readonly list: Uint8Array;
}

/** The lists of a bucket as one file: user and list in turn, each after its length. */
export function encodeBucket(lists: readonly UserList[]): Uint8Array {
  return Buffer.concat(
    lists.flatMap(({ user, list }) => [withLength(Buffer.from(user, "utf8")), withLength(list)]),
  );
}

/** The list of a user in a bucket's file, or undefined if it has none. @throws PublishError DAMAGED */
export function findInBucket(bytes: Uint8Array, user: string): Uint8Array | undefined {
  const reader = new ByteReader(bytes);
  while (!reader.isAtEnd) {
    const found = reader.text() === user;
    const list = reader.bytes(reader.varint());
    if (found) return list;
  }
  return undefined;
}

/** Ids such as "17", which a number gives back; not "017", "-1" or what a double cannot hold. */
function isWholeNumber(id: string): boolean {
  return /^(?:0|[1-9]\d{0,15})$/.test(id) && Number.isSafeInteger(Number(id));
}

/** A whole number in groups of seven bits, the lowest first; a set high bit says that more follow (LEB128). */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

function withLength(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([varint(bytes.length), bytes]);
}

function littleEndian(numbers: Float64Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(numbers.length * 8));
  numbers.forEach((number, place) => {
    view.setFloat64(place * 8, number, true);
  });
  return new Uint8Array(view.buffer);
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(): number {
    return this.bytes(1)[0] ?? 0;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
    }
    throw damaged("a number is too large");
  }

  bytes(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw damaged("it ends too early");
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  text(): string {
    const bytes = this.bytes(this.varint());
    try {
      return UTF8.decode(bytes);
    } catch (cause) {
      throw damaged("an id is not UTF-8", cause);
    }
  }

  float64(): number {
    const { buffer, byteOffset } = this.bytes(8);
    return new DataView(buffer, byteOffset, 8).getFloat64(0, true);
  }
}

function damaged(problem: string, cause?: unknown): PublishError {
  return new PublishError("DAMAGED", `These bytes are not a published list: ${problem}.`, {
    cause,
  });
}
