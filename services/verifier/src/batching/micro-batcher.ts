import type { Clock } from "@nightbeam/service";
import { VerifierError } from "../errors.js";
import { type BatchLimits, chooseBatch } from "./choose-batch.js";
import { Turns } from "./turns.js";
import { type LaneAnswer, type LaneCall, WaitingCall } from "./waiting-call.js";

export interface BatcherLimits extends BatchLimits {
  /** Milliseconds that an idle lane waits for more calls while the batch is not full. */
  readonly maxWaitMs: number;
}

/** Requests of one pass, all with the same beam width. */
export interface PassWork<Request> {
  readonly requests: readonly Request[];
  /** 0 for tree calls. */
  readonly beamWidth: number;
}

/** What every answer of a model has. */
export interface CountedAnswer {
  /** Rows that were computed. */
  readonly tokens: number;
}

export interface BatcherOptions<Request, Answer> {
  readonly limits: BatcherLimits;
  readonly clock: Clock;
  /** Runs one pass of the model. Answers are in the order of the requests. */
  readonly run: (work: PassWork<Request>) => Promise<readonly Answer[]>;
  /** Called after every successful pass. */
  readonly onPass?: (pass: Pass) => void;
}

/** A pass of the model. */
export interface Pass {
  /** Calls in the pass. */
  readonly calls: number;
  /** Rows that were computed. */
  readonly tokens: number;
  readonly milliseconds: number;
  /** The calls that are traced, in the order of the batch. */
  readonly traced: readonly TracedCall[];
}

/** A call of a pass whose client traces it. */
export interface TracedCall {
  readonly traceparent: string;
  /** Milliseconds from its arrival to the start of the pass. */
  readonly waitedMs: number;
}

/**
 * The queue of one lane. Merges waiting calls of all clients into passes of the model, one pass at a time. If a
 * merged pass fails, its calls run again one by one, so that a bad call fails alone.
 */
export class MicroBatcher<Request, Answer extends CountedAnswer> {
  readonly #options: BatcherOptions<Request, Answer>;
  /** In order of arrival, after the suspects of a failed pass. */
  #waiting: WaitingCall<Request, Answer>[] = [];
  #running: readonly WaitingCall<Request, Answer>[] = [];
  #runningSince: number | undefined;
  readonly #turns = new Turns();
  /** When the last pass ended. */
  #idleSince: number;
  #cancelTimer: (() => void) | undefined;
  /** The error of new calls after `close`. */
  #refusal: Error | undefined;

  constructor(options: BatcherOptions<Request, Answer>) {
    this.#options = options;
    this.#idleSince = options.clock.now();
  }

  /** Rows of the waiting calls. */
  get waitingTokens(): number {
    return tokensOf(this.#waiting);
  }

  /** Rows of the running pass. */
  get runningTokens(): number {
    return tokensOf(this.#running);
  }

  /** When the running pass started. Undefined if there is none. */
  get runningSince(): number | undefined {
    return this.#runningSince;
  }

  /**
   * Answers a call in a pass with others.
   *
   * @throws VerifierError CANCELLED, EXPIRED; the error of `close`; what `run` throws for this call alone
   */
  async ask(call: LaneCall<Request>): Promise<LaneAnswer<Answer>> {
    if (this.#refusal !== undefined) throw this.#refusal;
    if (call.signal.aborted) throw cancelled();
    const waiting = new WaitingCall<Request, Answer>(call, this.#options.clock.now());
    const onAbort = () => this.#drop(waiting);
    call.signal.addEventListener("abort", onAbort, { once: true });
    this.#waiting.push(waiting);
    this.#pump();
    try {
      return await waiting.settled;
    } finally {
      call.signal.removeEventListener("abort", onAbort);
    }
  }

  /** Drops waiting calls and refuses new ones; the running pass goes on. */
  close(refusal: Error): void {
    if (this.#refusal !== undefined) return;
    this.#refusal = refusal;
    this.#cancelTimer?.();
    for (const waiting of this.#waiting.splice(0)) waiting.drop(refusal);
  }

  /** Starts a pass if the lane is idle and a batch is due. */
  #pump(): void {
    const { clock, limits } = this.#options;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#running.length > 0) return;
    const now = clock.now();
    this.#dropExpired(now);
    const [first] = this.#waiting;
    if (first === undefined) return;
    if (first.isSuspect) {
      this.#start([first], now);
      return;
    }
    const waitMs = first.enqueuedAt + limits.maxWaitMs - now;
    if (waitMs > 0 && this.waitingTokens < limits.tokenBudget) {
      this.#cancelTimer = clock.after(waitMs, () => this.#pump());
      return;
    }
    const batch = chooseBatch(this.#waiting, { ...limits, now, turns: this.#turns });
    const peers = () => new Set(this.#waiting.map(({ call }) => call.peer));
    this.#turns.had(batch[0]?.call.peer ?? "", peers);
    this.#start(batch, now);
  }

  #start(batch: readonly WaitingCall<Request, Answer>[], now: number): void {
    const chosen = new Set(batch);
    this.#waiting = this.#waiting.filter((waiting) => !chosen.has(waiting));
    this.#running = batch;
    this.#runningSince = now;
    for (const waiting of batch) waiting.run();
    void this.#pass(batch, now);
  }

  /** Never rejects. */
  async #pass(batch: readonly WaitingCall<Request, Answer>[], startedAt: number): Promise<void> {
    const { clock, run } = this.#options;
    try {
      const requests = batch.flatMap(({ call }) => call.requests);
      const answers = await run({ requests, beamWidth: batch[0]?.call.beamWidth ?? 0 });
      this.#answer(batch, { answers, startedAt, milliseconds: clock.now() - startedAt });
    } catch (error) {
      this.#failed(batch, error);
    }
    this.#running = [];
    this.#runningSince = undefined;
    this.#idleSince = clock.now();
    this.#pump();
  }

  #answer(
    batch: readonly WaitingCall<Request, Answer>[],
    pass: { answers: readonly Answer[]; startedAt: number; milliseconds: number },
  ): void {
    let from = 0;
    for (const waiting of batch) {
      const { enqueuedAt, call } = waiting;
      const batchWaitMs = pass.startedAt - Math.max(enqueuedAt, this.#idleSince);
      const to = from + call.requests.length;
      waiting.answer({
        answers: pass.answers.slice(from, to),
        queueMs: pass.startedAt - enqueuedAt - batchWaitMs,
        batchWaitMs,
        computeMs: pass.milliseconds,
      });
      from = to;
    }
    const tokens = pass.answers.reduce((sum, answer) => sum + answer.tokens, 0);
    const traced = batch.flatMap(({ call: { traceparent }, enqueuedAt }) =>
      traceparent === undefined ? [] : { traceparent, waitedMs: pass.startedAt - enqueuedAt },
    );
    const { milliseconds } = pass;
    this.#options.onPass?.({ calls: batch.length, tokens, milliseconds, traced });
  }

  #failed(batch: readonly WaitingCall<Request, Answer>[], error: unknown): void {
    const isOver = this.#refusal !== undefined;
    if (batch.length === 1 || isOver) {
      for (const waiting of batch) waiting.fail(this.#refusal ?? error);
      return;
    }
    for (const waiting of batch) waiting.suspect();
    const [gone, suspects] = [batch.filter(isAborted), batch.filter((one) => !isAborted(one))];
    for (const waiting of gone) waiting.drop(cancelled());
    this.#waiting.unshift(...suspects);
  }

  #drop(waiting: WaitingCall<Request, Answer>): void {
    const place = this.#waiting.indexOf(waiting);
    if (place < 0) return;
    this.#waiting.splice(place, 1);
    waiting.drop(cancelled());
  }

  #dropExpired(now: number): void {
    const expired = this.#waiting.filter(({ call }) => call.deadline <= now);
    if (expired.length === 0) return;
    this.#waiting = this.#waiting.filter(({ call }) => call.deadline > now);
    for (const waiting of expired) {
      const late =
        "the call's deadline passed while it was waiting for the model; use a longer one";
      waiting.drop(new VerifierError("EXPIRED", late));
    }
  }
}

/** A waiting call of any kind. */
interface Queued {
  readonly call: Pick<LaneCall<unknown>, "tokens" | "signal">;
}

function isAborted({ call }: Queued): boolean {
  return call.signal.aborted;
}

function cancelled(): VerifierError {
  return new VerifierError("CANCELLED", "the caller cancelled while the call was waiting");
}

function tokensOf(calls: readonly Queued[]): number {
  return calls.reduce((sum, { call }) => sum + call.tokens, 0);
}
