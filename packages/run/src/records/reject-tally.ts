import type { RejectedRow } from "./records.js";

/** Rejected rows of one reason. */
export interface RejectReason {
  readonly reason: string;
  readonly count: number;
  /** The first ones. */
  readonly samples: readonly RejectedRow[];
}

/** Counts rejected rows by their reasons, and keeps some of each. */
export class RejectTally {
  readonly #maxSamples: number;
  readonly #reasons = new Map<string, { count: number; samples: RejectedRow[] }>();

  constructor(maxSamples: number) {
    this.#maxSamples = maxSamples;
  }

  add(row: RejectedRow): void {
    const found = this.#reasons.get(row.reason) ?? { count: 0, samples: [] };
    found.count++;
    if (found.samples.length < this.#maxSamples) found.samples.push(row);
    this.#reasons.set(row.reason, found);
  }

  /** The most frequent first. */
  get reasons(): readonly RejectReason[] {
    return [...this.#reasons]
      .map(([reason, found]) => ({ reason, ...found }))
      .sort((a, b) => b.count - a.count);
  }
}
