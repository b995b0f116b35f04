/**
 * How many retries a client makes: a bucket that holds `burst` of them and fills steadily. A verifier
 * that dies with many calls in progress needs as many retries at once; verifiers that are all down
 * must not be called ever faster. First tries cost nothing.
 */
export class RetryBudget {
  readonly #burst: number;
  readonly #perMs: number;
  #held: number;
  #filledAt: number;

  constructor(options: { burst: number; perSecond: number; now: number }) {
    this.#burst = options.burst;
    this.#perMs = options.perSecond / 1000;
    this.#held = options.burst;
    this.#filledAt = options.now;
  }

  /** Takes one retry. @returns 0, or the milliseconds until one is available */
  take(now: number): number {
    const gained = Math.max(0, now - this.#filledAt) * this.#perMs;
    this.#held = Math.min(this.#burst, this.#held + gained);
    this.#filledAt = now;
    if (this.#held < 1) return Math.ceil((1 - this.#held) / this.#perMs);
    this.#held--;
    return 0;
  }
}
