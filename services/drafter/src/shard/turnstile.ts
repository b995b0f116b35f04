interface Waiting {
  readonly alone: boolean;
  readonly admit: () => void;
}

/** Admits many at the same time or one alone, in order of arrival. */
export class Turnstile {
  readonly #waiting: Waiting[] = [];
  #inside = 0;
  #isAlone = false;

  /**
   * Waits for admission.
   *
   * @returns what ends it; to be called once
   * @throws the signal's reason, if it is aborted before
   */
  async enter(options: { alone: boolean; signal: AbortSignal }): Promise<() => void> {
    const { alone, signal } = options;
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const cancel = () => {
        this.#waiting.splice(this.#waiting.indexOf(one), 1);
        reject(signal.reason);
        this.#admit();
      };
      const one: Waiting = {
        alone,
        admit: () => {
          signal.removeEventListener("abort", cancel);
          resolve();
        },
      };
      signal.addEventListener("abort", cancel, { once: true });
      this.#waiting.push(one);
      this.#admit();
    });
    return () => {
      this.#inside--;
      if (this.#inside === 0) this.#isAlone = false;
      this.#admit();
    };
  }

  #admit(): void {
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      if (this.#isAlone || (first.alone && this.#inside > 0)) return;
      this.#waiting.shift();
      this.#inside++;
      this.#isAlone = first.alone;
      first.admit();
    }
  }
}
