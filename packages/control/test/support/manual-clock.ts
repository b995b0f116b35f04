import type { Clock } from "../../src/clock.js";

/** A clock that goes only when it is told to, and then does what is due, in order. */
export class ManualClock implements Clock {
  readonly #repeats = new Set<{
    readonly everyMs: number;
    readonly work: () => void;
    due: number;
  }>();
  #now = 0;

  now(): number {
    return this.#now;
  }

  repeat(everyMs: number, work: () => void): () => void {
    const repeat = { everyMs, work, due: this.#now + everyMs };
    this.#repeats.add(repeat);
    return () => {
      this.#repeats.delete(repeat);
    };
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = [...this.#repeats].sort((a, b) => a.due - b.due)[0];
      if (next === undefined || next.due > end) break;
      this.#now = next.due;
      next.due += next.everyMs;
      next.work();
    }
    this.#now = end;
  }
}
