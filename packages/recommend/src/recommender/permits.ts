/**
 * A number of permits that calls share: each waits until it gets as many as it asks for, first come,
 * first served.
 */
export class Permits {
  #free: number;
  readonly #waiting: { readonly count: number; readonly start: () => void }[] = [];

  constructor(total: number) {
    this.#free = total;
  }

  /**
   * Runs `work` with `count` permits, at most the total.
   *
   * @throws what `work` throws
   */
  async run<Result>(count: number, work: () => Promise<Result>): Promise<Result> {
    await new Promise<void>((start) => {
      this.#waiting.push({ count, start });
      this.#startNext();
    });
    try {
      return await work();
    } finally {
      this.#free += count;
      this.#startNext();
    }
  }

  #startNext(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || next.count > this.#free) return;
      this.#waiting.shift();
      this.#free -= next.count;
      next.start();
    }
  }
}
