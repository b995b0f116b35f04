import type { ScoreAnswer, ScoreRequest } from "@nightbeam/decoding";
import type { Clock } from "@nightbeam/service";
import { VerifierError } from "../errors.js";
import { type BatchLimits, chooseBatch } from "./choose-batch.js";
import { type LaneAnswer, type LaneCall, WaitingCall } from "./waiting-call.js";

export interface BatcherLimits extends BatchLimits {
  /** Milliseconds that an idle lane waits for company for a call that does not fill the budget. */
  readonly maxWaitMs: number;
}

export interface BatcherOptions {
  readonly limits: BatcherLimits;
  readonly clock: Clock;
  /** One pass of the model; answers in the order of the requests. */
  readonly run: (requests: readonly ScoreRequest[]) => Promise<readonly ScoreAnswer[]>;
  /** Told of every pass that succeeded. */
  readonly onPass?: (pass: Pass) => void;
}

/** A pass of the model. */
export interface Pass {
  /** Calls that shared it. */
  readonly calls: number;
  /** Rows that were computed. */
  readonly tokens: number;
  readonly milliseconds: number;
}

/**
 * The queue before one lane: merges waiting calls of all callers into passes of the model, one pass
 * at a time. When a merged pass fails, its calls run again one by one, so that one caller's bad call
 * fails alone.
 */
export class MicroBatcher {
  readonly #options: BatcherOptions;
  /** In order of arrival; suspects of a failed pass stand first. */
  #waiting: WaitingCall[] = [];
  #running: readonly WaitingCall[] = [];
  #runningSince: number | undefined;
  /** Since when the lane has had nothing to compute. */
  #idleSince: number;
  #takeBackTimer: (() => void) | undefined;
  /** What calls are refused with, once the lane is closed. */
  #refusal: Error | undefined;

  constructor(options: BatcherOptions) {
    this.#options = options;
    this.#idleSince = options.clock.now();
  }

  /** Rows of the calls that wait. */
  get waitingTokens(): number {
    return tokensOf(this.#waiting);
  }

  /** Rows of the pass under way. */
  get runningTokens(): number {
    return tokensOf(this.#running);
  }

  /** When the pass under way began; undefined without one. */
  get runningSince(): number | undefined {
    return this.#runningSince;
  }

  /**
   * @throws VerifierError CANCELLED, EXPIRED; what `close` was given; what `run` throws for this call
   * by itself
   */
  async score(call: LaneCall): Promise<LaneAnswer> {
    if (this.#refusal !== undefined) throw this.#refusal;
    if (call.signal.aborted) throw cancelled();
    const waiting = new WaitingCall(call, this.#options.clock.now());
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

  /** Drops what waits and refuses what comes; the pass under way ends as it does. */
  close(refusal: Error): void {
    if (this.#refusal !== undefined) return;
    this.#refusal = refusal;
    this.#takeBackTimer?.();
    for (const waiting of this.#waiting.splice(0)) waiting.drop(refusal);
  }

  /** Starts a pass if the lane is free and one is due. */
  #pump(): void {
    const { clock, limits } = this.#options;
    this.#takeBackTimer?.();
    this.#takeBackTimer = undefined;
    if (this.#running.length > 0) return;
    const now = clock.now();
    this.#dropExpired(now);
    const [first] = this.#waiting;
    if (first === undefined) return;
    if (first.isSuspect) {
      this.#start([first], now);
      return;
    }
    const company = first.enqueuedAt + limits.maxWaitMs - now;
    if (company > 0 && this.waitingTokens < limits.tokenBudget) {
      this.#takeBackTimer = clock.after(company, () => this.#pump());
      return;
    }
    this.#start(chooseBatch(this.#waiting, { ...limits, now }), now);
  }

  #start(batch: readonly WaitingCall[], now: number): void {
    const chosen = new Set(batch);
    this.#waiting = this.#waiting.filter((waiting) => !chosen.has(waiting));
    this.#running = batch;
    this.#runningSince = now;
    for (const waiting of batch) waiting.run();
    void this.#pass(batch, now);
  }

  /** Never rejects. */
  async #pass(batch: readonly WaitingCall[], startedAt: number): Promise<void> {
    const { clock, run } = this.#options;
    try {
      const answers = await run(batch.flatMap(({ call }) => call.requests));
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
    batch: readonly WaitingCall[],
    pass: { answers: readonly ScoreAnswer[]; startedAt: number; milliseconds: number },
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
    this.#options.onPass?.({ calls: batch.length, tokens, milliseconds: pass.milliseconds });
  }

  #failed(batch: readonly WaitingCall[], error: unknown): void {
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

  #drop(waiting: WaitingCall): void {
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
      const late = "the call's deadline passed while it waited for the model; allow it more time";
      waiting.drop(new VerifierError("EXPIRED", late));
    }
  }
}

function isAborted({ call }: WaitingCall): boolean {
  return call.signal.aborted;
}

function cancelled(): VerifierError {
  return new VerifierError("CANCELLED", "the caller gave up while the call was waiting");
}

function tokensOf(calls: readonly WaitingCall[]): number {
  return calls.reduce((sum, { call }) => sum + call.tokens, 0);
}
