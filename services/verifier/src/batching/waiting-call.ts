/** The part of a client's call for one lane. Times are milliseconds of the clock. */
export interface LaneCall<Request> {
  /** The connection that it came from: connections take turns. */
  readonly peer: string;
  readonly requests: readonly Request[];
  /** Calls of different beam widths never share a pass. 0 for tree calls, which have none. */
  readonly beamWidth: number;
  /** Rows that the model probably computes: nodes, and prompts that the lane has not seen. */
  readonly tokens: number;
  /** Whether the call continues a search; such calls come first. */
  readonly followUp: boolean;
  /** Tokens of the longest prompt. */
  readonly promptLength: number;
  readonly deadline: number;
  readonly signal: AbortSignal;
  /** The span that answers it, if it is traced. */
  readonly traceparent?: string | undefined;
}

/** The answers to a call, and its times in milliseconds. */
export interface LaneAnswer<Answer> {
  readonly answers: readonly Answer[];
  /** Waiting while the lane was busy. */
  readonly queueMs: number;
  /** Waiting for a fuller batch while the lane was idle. */
  readonly batchWaitMs: number;
  /** The pass of the model. */
  readonly computeMs: number;
}

/**
 * The states of a call in a lane. `WaitingCall.#move` is the only transition.
 *
 * ```
 * waiting ──► running ──► answered
 *    │         │ ▲  └───► failed      ran alone and failed
 *    │         ▼ │
 *    │       suspect                  its batch failed, perhaps because of another call: it runs alone next
 *    ▼         ▼
 *  dropped   dropped                  cancelled, past its deadline, or the lane closed: not computed (again)
 * ```
 *
 * A running call is never dropped: its rows are being computed, and others share the pass. If the lane dies, it
 * becomes `failed`.
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

/** A call in the queue of a lane. Settles exactly once. */
export class WaitingCall<Request, Answer> {
  readonly call: LaneCall<Request>;
  readonly enqueuedAt: number;
  readonly settled: Promise<LaneAnswer<Answer>>;
  readonly #resolve: (answer: LaneAnswer<Answer>) => void;
  readonly #reject: (error: unknown) => void;
  #state: State = "waiting";

  constructor(call: LaneCall<Request>, enqueuedAt: number) {
    const { promise, resolve, reject } = settlers<LaneAnswer<Answer>>();
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

  /** Its batch failed: it waits for a pass alone. */
  suspect(): void {
    this.#move("suspect");
  }

  answer(answer: LaneAnswer<Answer>): void {
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
