/** One piece of work whose share of the time is measured. */
export interface WorkTime {
  /** Ends the work. Returns its share in milliseconds; the same again if it has ended before. */
  end(): number;
}

/**
 * Divides the time of a node among the pieces of work that it does at the same time, in equal parts, so that the shares
 * of all pieces sum to the time in which there was work.
 */
export class NodeTime {
  readonly #now: () => number;
  #running = 0;
  /** The share of a piece of work that has run since the beginning. */
  #share = 0;
  #since = 0;

  /** @param now a monotonic clock, in milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  start(): WorkTime {
    this.#advance();
    this.#running++;
    const from = this.#share;
    let share: number | undefined;
    return {
      end: () => {
        if (share === undefined) {
          this.#advance();
          this.#running--;
          share = this.#share - from;
        }
        return share;
      },
    };
  }

  #advance(): void {
    const now = this.#now();
    if (this.#running > 0) this.#share += (now - this.#since) / this.#running;
    this.#since = now;
  }
}
