import type { CostLine, TimedPass } from "./fit-line.js";

/** Weight that a new pass has in the averages. */
const SHARE = 0.05;

/**
 * The cost line, kept up with real passes. Its shape is what was measured at the start, with sizes
 * chosen for it; real passes, which may all be alike, only say how much slower or faster everything
 * has become: the ratio of two exponential averages, time that passes took and time that was
 * expected of them. Large passes count more, as they should: they are measured better.
 */
export class CostTracker {
  readonly #measured: CostLine;
  #took: number;
  #expected: number;

  /** @param measured the line at the start */
  constructor(measured: CostLine) {
    this.#measured = measured;
    // As if passes had gone as expected so far; of what size, the first real one says.
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

/** The line in words. */
export function describeLine({ callMs, tokenMs }: CostLine): string {
  const thousand = tokenMs * 1000;
  return `a call costs ${digits(callMs)} ms and ${digits(thousand)} ms per 1,000 tokens`;
}

function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(2);
}
