import type { Clock } from "@nightbeam/service";

/** A clock that tests advance. */
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

  /** Number of pending timers. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Time of the next timer; undefined if there is none. */
  get nextAt(): number | undefined {
    return this.#timers.length === 0 ? undefined : Math.min(...this.#timers.map(({ at }) => at));
  }

  /** Advances the clock; due timers fire in order, and the promises that they start are settled. */
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

/** Lets all pending promise callbacks run. */
export async function settle(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
