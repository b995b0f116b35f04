import type { CostLine } from "@nightbeam/recommend";
import { VerifierError } from "../errors.js";

export interface AdmissionLimits {
  /** Maximum rows of a batch, unless a single call has more. */
  readonly tokenBudget: number;
  /** Waiting rows, over all lanes, from which calls are refused with BUSY. */
  readonly maxWaitingTokens: number;
  /** Calls that may wait or run, over all lanes. */
  readonly maxCalls: number;
}

/** Prompt tokens that may be held in memory per row that may wait. */
const HELD_PER_WAITING = 8;

/** Decides which calls lanes take, and counts those in progress. */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #costLine: () => CostLine;
  readonly #lanes: number;
  #calls = 0;
  #heldTokens = 0;

  constructor(options: {
    readonly limits: AdmissionLimits;
    readonly costLine: () => CostLine;
    /** Number of lanes. */
    readonly lanes: number;
  }) {
    this.#limits = options.limits;
    this.#costLine = options.costLine;
    this.#lanes = options.lanes;
  }

  /**
   * Works on a call if there is any room, however large it is: a large call that had to fit might never get in
   * before small ones.
   *
   * @throws VerifierError BUSY; what `work` throws
   */
  async admit<Result>(
    call: {
      /** Rows that wait now. */
      readonly waiting: number;
      /** What the call holds in memory, in tokens. */
      readonly held: number;
    },
    work: () => Promise<Result>,
  ): Promise<Result> {
    this.#check(call.waiting);
    this.#calls++;
    this.#heldTokens += call.held;
    try {
      return await work();
    } finally {
      this.#calls--;
      this.#heldTokens -= call.held;
    }
  }

  #check(waiting: number): void {
    const { maxWaitingTokens, maxCalls, tokenBudget } = this.#limits;
    const hasRoom =
      waiting < maxWaitingTokens &&
      this.#heldTokens < maxWaitingTokens * HELD_PER_WAITING &&
      this.#calls < maxCalls;
    if (hasRoom) return;
    const { callMs, tokenMs } = this.#costLine();
    const passes = Math.ceil(waiting / tokenBudget);
    const drainMs = (passes * callMs + waiting * tokenMs) / this.#lanes;
    throw new VerifierError(
      "BUSY",
      `queue full: ${waiting} rows and ${this.#calls} calls are waiting; try another verifier or retry later`,
      { retryAfterMs: Math.min(10_000, Math.max(10, Math.ceil(drainMs / 2))) },
    );
  }
}
