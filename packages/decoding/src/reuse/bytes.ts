/** Writes numbers one after the other, little-endian. */
export class ByteWriter {
  #view = new DataView(new ArrayBuffer(512));
  #size = 0;

  uint8(value: number): void {
    const at = this.#take(1);
    this.#view.setUint8(at, value);
  }

  uint32(value: number): void {
    const at = this.#take(4);
    this.#view.setUint32(at, value, true);
  }

  float64(value: number): void {
    const at = this.#take(8);
    this.#view.setFloat64(at, value, true);
  }

  /** A whole number from 0: 7 bits per byte, the lowest first. */
  varint(value: number): void {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.uint8((rest % 128) + 128);
    this.uint8(rest);
  }

  /** What has been written so far: a copy. */
  bytes(): Uint8Array {
    return new Uint8Array(this.#view.buffer.slice(0, this.#size));
  }

  /** The place of the next bytes, for which there may be a new view. */
  #take(bytes: number): number {
    const at = this.#size;
    this.#size += bytes;
    if (this.#size > this.#view.byteLength) {
      const larger = new Uint8Array(2 * this.#size);
      larger.set(new Uint8Array(this.#view.buffer));
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}

/** Reads what a `ByteWriter` wrote. Throws RangeError past the end. */
export class ByteReader {
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  uint8(): number {
    return this.#view.getUint8(this.#at++);
  }

  uint32(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }

  float64(): number {
    this.#at += 8;
    return this.#view.getFloat64(this.#at - 8, true);
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.uint8();
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  }

  /** Returns a count of values of at least so many bytes each, if they can still follow. */
  atMost(count: number, bytesEach: number): number {
    if (count * bytesEach <= this.#view.byteLength - this.#at) return count;
    throw new RangeError(`${count} values cannot follow`);
  }

  /** Checks that nothing follows. */
  finish(): void {
    if (this.#at !== this.#view.byteLength) throw new RangeError("bytes follow the end");
  }
}
