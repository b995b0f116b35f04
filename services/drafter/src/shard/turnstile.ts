interface Waiting {
  readonly alone: boolean;
  readonly admit: () => void;
}

/** Lets many in at once, or one alone; first come, first served. */
export class Turnstile {
  readonly #waiting: Waiting[] = [];
  #inside = 0;
  #isAlone = false;

  /**
   * Waits for its turn.
   *
   * @returns what lets the next ones in; to be called once
   * @throws the signal's reason, where it is aborted before the turn comes
   */
  async enter(options: { alone: boolean; signal: AbortSignal }): Promise<() => void> {
    const { alone, signal } = options;
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(one), 1);
        reject(signal.reason);
        this.#admit();
      };
      const one: Waiting = {
        alone,
        admit: () => {
          signal.removeEventListener("abort", giveUp);
          resolve();
        },
      };
      signal.addEventListener("abort", giveUp, { once: true });
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
