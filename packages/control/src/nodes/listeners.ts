/** Those who want to know that something changed. */
export class Listeners {
  readonly #listeners = new Set<{ readonly call: () => void }>();

  /** @returns what takes the listener away again */
  add(call: () => void): () => void {
    const entry = { call };
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  tell(): void {
    for (const { call } of [...this.#listeners]) call();
  }

  clear(): void {
    this.#listeners.clear();
  }
}
