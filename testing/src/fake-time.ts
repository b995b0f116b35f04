import type { Clock } from "@nightbeam/service";

/** A clock whose hands a test turns. */
export class FakeTime implements Clock {
  #now = 1_000;
  #timers: { at: number; then: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, then: () => void): () => void {
    const timer = { at: this.#now + ms, then };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.length;
  }

  /** When the next timer rings; undefined where none is set. */
  get nextAt(): number | undefined {
    return this.#timers.length === 0 ? undefined : Math.min(...this.#timers.map(({ at }) => at));
  }

  /** Turns the hands; timers on the way ring in order, and what they started goes as far as it can. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const next = this.nextAt;
      if (next === undefined || next > end) break;
      this.#now = Math.max(this.#now, next);
      const due = this.#timers.find(({ at }) => at === next);
      this.#timers = this.#timers.filter((timer) => timer !== due);
      due?.then();
      await settle();
    }
    this.#now = end;
    await settle();
  }
}

/** Lets everything happen that waits for nothing but promises. */
export async function settle(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
