/** Functions to call when something changes. */
export class Listeners {
  readonly #listeners = new Set<{ readonly call: () => void }>();

  /** @returns what removes the listener */
  add(call: () => void): () => void {
    const entry = { call };
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  notify(): void {
    for (const { call } of [...this.#listeners]) call();
  }

  clear(): void {
    this.#listeners.clear();
  }
}
