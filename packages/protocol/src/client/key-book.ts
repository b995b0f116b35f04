/** What a client knows of one user's key. */
export interface KeyEntry {
  /** The key on the wire: never used again, so that a late message cannot mean another prompt. */
  readonly wire: number;
  /** The verifier that answered last, and so may have kept the prompt. */
  readonly home: string | undefined;
}

/** Assigns keys for the wire, unique among all jobs of a client. */
export class WireKeys {
  #next = 0;

  next(): number {
    const key = this.#next;
    // After 2^32 keys the first ones have long been forgotten.
    this.#next = (this.#next + 1) >>> 0;
    return key;
  }
}

/** The keys of one job. */
export class KeyBook {
  readonly #wireKeys: WireKeys;
  readonly #entries = new Map<number, KeyEntry>();

  constructor(wireKeys: WireKeys) {
    this.#wireKeys = wireKeys;
  }

  entry(key: number): KeyEntry {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { wire: this.#wireKeys.next(), home: undefined };
      this.#entries.set(key, entry);
    }
    return entry;
  }

  /** Records which verifier answered. @returns the previous entry */
  settle(key: number, home: string): KeyEntry {
    const before = this.entry(key);
    this.#entries.set(key, { wire: before.wire, home });
    return before;
  }

  /** Forgets a key. */
  take(key: number): KeyEntry | undefined {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    return entry;
  }

  keys(): number[] {
    return [...this.#entries.keys()];
  }
}
