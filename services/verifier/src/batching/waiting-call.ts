import type { ScoreAnswer, ScoreRequest } from "@nightbeam/decoding";

/** What one lane is asked by one caller. Times are the clock's milliseconds. */
export interface LaneCall {
  readonly requests: readonly ScoreRequest[];
  /** Rows that the model will probably compute: nodes, and prompts that the lane does not know. */
  readonly tokens: number;
  /** Whether a search that is under way asks on; such calls go first. */
  readonly followUp: boolean;
  /** Tokens of the longest prompt. */
  readonly promptLength: number;
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/** What came of it, and where its time went. */
export interface LaneAnswer {
  readonly answers: readonly ScoreAnswer[];
  /** Waiting while the lane was busy with others. */
  readonly queueMs: number;
  /** Waiting for company while the lane was idle. */
  readonly batchWaitMs: number;
  /** The model's pass, with whoever shared it. */
  readonly computeMs: number;
}

/**
 * A call's life in a lane. `WaitingCall.#move` is the only transition.
 *
 * ```
 * waiting ──► running ──► answered
 *    │         │ ▲  └───► failed      ran by itself and failed
 *    │         ▼ │
 *    │       suspect                  a batch failed; it may not be this call's fault, so it runs alone
 *    ▼         ▼
 *  dropped   dropped                  cancelled, past its deadline, or the lane closed: never computed (again)
 * ```
 *
 * A call that runs is never dropped: its rows are paid for, and others share the pass. A lane that
 * dies under it makes it `failed`.
 */
type State = "waiting" | "running" | "suspect" | "answered" | "failed" | "dropped";

const NEXT: Readonly<Record<State, readonly State[]>> = {
  waiting: ["running", "dropped"],
  running: ["answered", "failed", "suspect"],
  suspect: ["running", "dropped"],
  answered: [],
  failed: [],
  dropped: [],
};

/** A call that a lane has accepted. Settles exactly once. */
export class WaitingCall {
  readonly call: LaneCall;
  readonly enqueuedAt: number;
  readonly settled: Promise<LaneAnswer>;
  readonly #resolve: (answer: LaneAnswer) => void;
  readonly #reject: (error: unknown) => void;
  #state: State = "waiting";

  constructor(call: LaneCall, enqueuedAt: number) {
    const { promise, resolve, reject } = settlers<LaneAnswer>();
    this.call = call;
    this.enqueuedAt = enqueuedAt;
    this.settled = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get isSuspect(): boolean {
    return this.#state === "suspect";
  }

  run(): void {
    this.#move("running");
  }

  /** Its batch failed: it waits for a pass of its own. */
  suspect(): void {
    this.#move("suspect");
  }

  answer(answer: LaneAnswer): void {
    this.#move("answered");
    this.#resolve(answer);
  }

  fail(error: unknown): void {
    this.#move("failed");
    this.#reject(error);
  }

  drop(error: unknown): void {
    this.#move("dropped");
    this.#reject(error);
  }

  #move(to: State): void {
    if (!NEXT[this.#state].includes(to)) {
      throw new Error(`a call cannot go from ${this.#state} to ${to}`);
    }
    this.#state = to;
  }
}

function settlers<Value>() {
  let resolve: (value: Value) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<Value>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
