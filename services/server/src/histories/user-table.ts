import { findSlot, type IdSlots, slotsFor } from "@nightbeam/catalogue";

/**
 * Numbers users from 0, in the order in which they are added. Names are bytes in one buffer: a JavaScript Map takes some
 * hundred bytes per user, and no more than 16 million.
 */
export class UserTable {
  #table: { slots: Uint32Array; idBytes: Uint8Array; idStart: Uint32Array };
  #size = 0;

  constructor() {
    this.#table = {
      slots: new Uint32Array(slotsFor(1_024)),
      idBytes: new Uint8Array(16_384),
      idStart: new Uint32Array(1_025),
    };
  }

  get size(): number {
    return this.#size;
  }

  /** The user's number; undefined if the user was not added. */
  find(user: string): number | undefined {
    const entry = this.#table.slots[this.#slotOf(Buffer.from(user))] ?? 0;
    return entry === 0 ? undefined : entry - 1;
  }

  /** Returns the number of a user, who is added if need be. */
  add(user: string): number {
    const bytes = Buffer.from(user);
    const slot = this.#slotOf(bytes);
    const entry = this.#table.slots[slot] ?? 0;
    if (entry > 0) return entry - 1;
    const number = this.#size++;
    const begin = this.#table.idStart[number] ?? 0;
    const end = begin + bytes.length;
    this.#table.idBytes = grown(this.#table.idBytes, {
      length: end,
      make: (length) => new Uint8Array(length),
    });
    this.#table.idStart = grown(this.#table.idStart, { length: number + 2, make: words32 });
    this.#table.idBytes.set(bytes, begin);
    this.#table.idStart[number + 1] = end;
    if (slotsFor(this.#size) <= this.#table.slots.length) this.#table.slots[slot] = number + 1;
    else this.#table.slots = rehashed(this.#table, this.#size);
    return number;
  }

  #slotOf(bytes: Uint8Array): number {
    return findSlot(this.#table, { bytes, begin: 0, end: bytes.length });
  }
}

function rehashed({ idBytes, idStart }: IdSlots, size: number): Uint32Array {
  const slots = new Uint32Array(slotsFor(2 * size));
  const table = { slots, idBytes, idStart };
  for (let number = 0; number < size; number++) {
    const range = { bytes: idBytes, begin: idStart[number] ?? 0, end: idStart[number + 1] ?? 0 };
    slots[findSlot(table, range)] = number + 1;
  }
  return slots;
}

/** An array with room for `length` values: itself, or a copy of at least twice the length. */
export function grown<Values extends ArrayLike<number> & { set(from: ArrayLike<number>): void }>(
  values: Values,
  { length, make }: { readonly length: number; readonly make: (length: number) => Values },
): Values {
  if (length <= values.length) return values;
  const more = make(Math.max(length, 2 * values.length));
  more.set(values);
  return more;
}

export const words32 = (length: number) => new Uint32Array(length);
