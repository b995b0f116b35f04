import { reasonOf } from "@nightbeam/service/log";
import { type CountedAnswer, MicroBatcher, type PassWork } from "../batching/micro-batcher.js";
import type { LaneAnswer, LaneCall } from "../batching/waiting-call.js";
import { VerifierError } from "../errors.js";
import type { LaneOptions, LaneWorker } from "./lanes-options.js";

/** A pass that takes this much longer than expected counts as stuck. */
const STUCK_MS = 60_000;
const STUCK_TIMES = 20;

/**
 * One worker thread of the model with its queue.
 *
 * It works until it is lost permanently: the thread died, a pass hangs, or the model fails at a request
 * that it has answered before, as it does after a sticky GPU error.
 */
export class Lane<Request extends { readonly key: number }, Answer extends CountedAnswer> {
  readonly number: number;
  readonly #worker: LaneWorker<Request, Answer>;
  readonly #options: LaneOptions<Request>;
  readonly #batcher: MicroBatcher<Request, Answer>;
  #isLost = false;
  /** Ends the wait for the running pass. */
  #abandon: (error: VerifierError) => void = () => undefined;

  constructor(
    worker: LaneWorker<Request, Answer>,
    options: LaneOptions<Request> & { readonly number: number },
  ) {
    this.number = options.number;
    this.#worker = worker;
    this.#options = options;
    this.#batcher = new MicroBatcher({
      limits: options.limits,
      clock: options.clock,
      run: (work) => this.#run(work),
      onPass: (pass) => options.onPass({ ...pass, lane: options.number }),
    });
  }

  get waitingTokens(): number {
    return this.#batcher.waitingTokens;
  }

  get runningTokens(): number {
    return this.#batcher.runningTokens;
  }

  ask(call: LaneCall<Request>): Promise<LaneAnswer<Answer>> {
    return this.#batcher.ask(call);
  }

  release(ownKeys: readonly number[]): void {
    this.#worker.release(ownKeys);
  }

  /** Drops waiting calls and refuses new ones. */
  close(refusal: VerifierError): void {
    this.#batcher.close(refusal);
  }

  /** Detects a thread that died while idle, and a pass that hangs. */
  check(): void {
    if (!this.#worker.isOpen) this.#lose("it died", undefined);
    const { clock, costLine } = this.#options;
    const { runningSince, runningTokens } = this.#batcher;
    if (runningSince === undefined) return;
    const { callMs, tokenMs } = costLine();
    const maxMs = STUCK_MS + STUCK_TIMES * (callMs + tokenMs * runningTokens);
    const passMs = clock.now() - runningSince;
    if (passMs > maxMs) {
      this.#lose(`a pass has not ended in ${Math.round(passMs)} ms`, undefined);
    }
  }

  async #run(work: PassWork<Request>): Promise<readonly Answer[]> {
    try {
      return await this.#pass(work);
    } catch (error) {
      if (!this.#worker.isOpen) this.#lose(`it died (${reasonOf(error)})`, error);
      else if (!this.#isLost) await this.#probe();
      throw error;
    }
  }

  /** After a failure: finds out whether the request or the model is the cause. */
  async #probe(): Promise<void> {
    const { probe } = this.#options;
    try {
      await this.#pass(probe);
      this.#worker.release(probe.requests.map(({ key }) => key));
    } catch (error) {
      this.#lose(`it fails at a request that it has answered before (${reasonOf(error)})`, error);
    }
  }

  #pass(work: PassWork<Request>): Promise<readonly Answer[]> {
    const abandoned = new Promise<never>((_, reject) => {
      this.#abandon = reject;
    });
    return Promise.race([abandoned, this.#worker.run(work)]);
  }

  #lose(why: string, cause: unknown): void {
    if (this.#isLost) return;
    this.#isLost = true;
    const what = `model thread ${this.number} is lost: ${why}; ask another verifier`;
    const lost = new VerifierError("LANE_LOST", what, { cause });
    this.#batcher.close(lost);
    this.#abandon(lost);
    this.#options.onLost(lost);
  }
}
