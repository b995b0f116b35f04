/** Calls by result, since the last report. */
export interface Counts {
  readonly answered: number;
  readonly users: number;
  readonly busy: number;
  readonly cancelled: number;
  readonly expired: number;
  readonly failed: number;
}

const NOTHING: Counts = { answered: 0, users: 0, busy: 0, cancelled: 0, expired: 0, failed: 0 };

/** Counts calls by result. */
export class Tally {
  #counts = NOTHING;

  answered(users: number): void {
    const { answered, users: before } = this.#counts;
    this.#counts = { ...this.#counts, answered: answered + 1, users: before + users };
  }

  add(what: "busy" | "cancelled" | "expired" | "failed"): void {
    this.#counts = { ...this.#counts, [what]: this.#counts[what] + 1 };
  }

  /** Returns the counts and resets them. */
  take(): Counts {
    const counts = this.#counts;
    this.#counts = NOTHING;
    return counts;
  }
}
