import { seedOf } from "./draws.js";

/** Existing lists of code paths, by user. */
export interface LeafLists {
  /** A user's list: trie nodes of the last depth, best first; a view. Undefined if there is none. */
  of(name: string): Uint32Array | undefined;
}

/**
 * Packs lists that are added one by one: 4 bytes per entry and about 28 per user.
 *
 * Of a name only a 64-bit hash is kept: with ten million users, the chance that any two of them are
 * mixed up is about 3 in a million.
 */
export class LeafListsBuilder {
  readonly #entries = new Growing();
  /** Where each list begins in the entries. */
  readonly #starts = new Growing();
  readonly #hashes = [new Growing(), new Growing()] as const;

  /** Adds a user's list. A later list of the same name replaces an earlier one. */
  add(name: string, leaves: Iterable<number>): void {
    const [first, second] = hashesOf(name);
    this.#hashes[0].push(first);
    this.#hashes[1].push(second);
    this.#starts.push(this.#entries.length);
    for (const leaf of leaves) this.#entries.push(leaf);
  }

  /** Returns all lists added so far. Do not use the builder afterwards. */
  finish(): LeafLists {
    this.#starts.push(this.#entries.length);
    const [entries, starts] = [this.#entries.packed(), this.#starts.packed()];
    const [firsts, seconds] = [this.#hashes[0].packed(), this.#hashes[1].packed()];
    // Open addressing: a slot holds a list's number + 1, or 0 if it is free.
    const slots = new Uint32Array(2 ** Math.ceil(Math.log2(2 * firsts.length + 1)));
    const slotOf = (first: number, second: number): number => {
      let slot = first % slots.length;
      for (;;) {
        const list = (slots[slot] ?? 0) - 1;
        if (list < 0 || (firsts[list] === first && seconds[list] === second)) return slot;
        slot = (slot + 1) % slots.length;
      }
    };
    firsts.forEach((first, list) => {
      slots[slotOf(first, seconds[list] ?? 0)] = list + 1;
    });
    return {
      of(name) {
        const list = (slots[slotOf(...hashesOf(name))] ?? 0) - 1;
        return list < 0 ? undefined : entries.subarray(starts[list], starts[list + 1]);
      },
    };
  }
}

/** Two hashes of 32 bits. */
function hashesOf(name: string): [number, number] {
  const units = Array.from({ length: name.length }, (_, at) => name.charCodeAt(at));
  return [seedOf([1, ...units]), seedOf([2, ...units])];
}

/** A growing list of unsigned 32-bit numbers, packed. */
class Growing {
  #values = new Uint32Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const longer = new Uint32Array(2 * this.#length);
      longer.set(this.#values);
      this.#values = longer;
    }
    this.#values[this.#length++] = value;
  }

  packed(): Uint32Array {
    return this.#values.slice(0, this.#length);
  }
}
