import type { CostLine, TimedPass } from "./fit-line.js";

/** The weight of a new pass in the averages. */
const SHARE = 0.05;

/**
 * The cost line, updated with real passes. Its shape was measured at the start, with passes of different sizes.
 * Real passes may all have the same size, so they only scale it: by the ratio of two exponential averages, the
 * measured and the expected time of passes. Large passes weigh more, because they are measured more accurately.
 */
export class CostTracker {
  readonly #measured: CostLine;
  #took: number;
  #expected: number;

  /** @param measured the line at the start */
  constructor(measured: CostLine) {
    this.#measured = measured;
    // The first real pass initializes both averages.
    this.#took = 0;
    this.#expected = 0;
  }

  get line(): CostLine {
    const ratio = this.#expected > 0 ? this.#took / this.#expected : 1;
    const { callMs, tokenMs } = this.#measured;
    return { callMs: callMs * ratio, tokenMs: tokenMs * ratio };
  }

  observe({ tokens, milliseconds }: TimedPass): void {
    const { callMs, tokenMs } = this.#measured;
    const expected = callMs + tokenMs * tokens;
    if (!(expected > 0)) return;
    if (this.#expected === 0) this.#took = this.#expected = expected;
    this.#took += SHARE * (milliseconds - this.#took);
    this.#expected += SHARE * (expected - this.#expected);
  }
}

/** Describes the line for people. */
export function describeLine({ callMs, tokenMs }: CostLine): string {
  const thousand = tokenMs * 1000;
  return `a call costs ${digits(callMs)} ms and ${digits(thousand)} ms per 1,000 tokens`;
}

function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(2);
}
