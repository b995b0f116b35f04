import type { DecodeJob, SearchOutcome } from "@nightbeam/decoding";
import type { CostTracker } from "@nightbeam/recommend";
import type { Clock } from "@nightbeam/service";
import { ServerError } from "../errors.js";
import { chooseBatch, type Sized } from "./choose-batch.js";
import { batchMs, type QueueState, refusalOf, tokenBudget } from "./queue-times.js";

export interface BatcherOptions {
  /** Decodes users together. Dropped jobs have outcomes that mean nothing. */
  readonly decode: (
    jobs: readonly DecodeJob[],
    batch: BatchContext,
  ) => Promise<readonly SearchOutcome[]>;
  /** Tokens of a user, by the length of the prompt: what `cost` is measured in. */
  readonly tokensOf: (promptTokens: number) => number;
  /** The measured time of a batch by its tokens. */
  readonly cost: CostTracker;
  /** Batches in progress at once; it may change. */
  readonly batchesAtOnce: () => number;
  /** Users per batch, at most. */
  readonly batchSize: number;
  /** Milliseconds in which a request is to be answered; decides how large batches get. */
  readonly latencyMs: number;
  /** Milliseconds that a request may have to wait for its batch before it is refused. */
  readonly maxWaitMs: number;
  readonly clock: Clock;
  /** Called after each batch. */
  readonly onBatch?: (batch: { readonly users: number; readonly computeMs: number }) => void;
}

export interface BatchContext {
  /** Aborted when all its requests have ended. */
  readonly signal: AbortSignal;
  /** The latest deadline of its requests, by the batcher's clock. */
  readonly deadline: number;
}

/** How one request is to be decoded. */
export interface Submission {
  /** Cancels it. */
  readonly signal: AbortSignal;
  /** By the batcher's clock. */
  readonly deadline: number;
}

export interface Decoded {
  readonly outcome: SearchOutcome;
  readonly queueMs: number;
  readonly computeMs: number;
}

/**
 * A batch counts as at most this many times its expected time. A burst of connections delays one or two batches by
 * seconds, and must not make the server refuse what comes after.
 */
const MAX_SURPRISE = 4;

interface Waiting extends Sized {
  readonly job: Omit<DecodeJob, "key" | "signal">;
  readonly deadline: number;
  readonly enqueuedAt: number;
  readonly dropped: AbortController;
  readonly resolve: (decoded: Decoded) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Puts requests that wait into batches. A batch starts as soon as there is room for it: nothing waits for company. The
 * more wait, the larger batches get, first up to what takes half of the latency: a request waits for the batch before its
 * own, and then for its own.
 *
 * A request that could not be answered in time is refused when it comes, so that those that are taken are answered.
 */
export class MicroBatcher {
  readonly #options: BatcherOptions;
  readonly #waiting = new Set<Waiting>();
  /** Batches in progress, with the time when they are expected to end. */
  readonly #running = new Map<AbortController, number>();
  #waitingTokens = 0;
  #runningUsers = 0;
  #nextKey = 0;
  #refusal: ServerError | undefined;
  #onIdle: () => void = () => undefined;

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  /** Requests that wait for a batch. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Users of the batches in progress. */
  get running(): number {
    return this.#runningUsers;
  }

  /**
   * Decodes a user in the next batch that has room.
   *
   * @throws ServerError BUSY, DEADLINE, DRAINING; the signal's reason; what decoding throws
   */
  submit(job: Waiting["job"], { signal, deadline }: Submission): Promise<Decoded> {
    const { clock, tokensOf } = this.#options;
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const tokens = tokensOf(job.prompt.length);
      const enqueuedAt = clock.now();
      const refusal =
        this.#refusal ?? refusalOf(this.#state, { tokens, leftMs: deadline - enqueuedAt });
      if (refusal !== undefined) throw refusal;
      const end = () => {
        cancelTimer();
        signal.removeEventListener("abort", onAbort);
      };
      const one: Waiting = {
        ...{ job, tokens, deadline, enqueuedAt, promptTokens: job.prompt.length },
        dropped: new AbortController(),
        resolve: (decoded) => {
          end();
          resolve(decoded);
        },
        reject: (error) => {
          end();
          one.dropped.abort();
          this.#remove(one);
          reject(error);
        },
      };
      const onAbort = () => one.reject(signal.reason);
      const cancelTimer = clock.after(deadline - enqueuedAt, () => {
        one.reject(
          new ServerError(
            "DEADLINE",
            "The deadline passed before the list was found. Give more time.",
          ),
        );
      });
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(one);
      this.#waitingTokens += tokens;
      this.#start();
    });
  }

  /** Refuses new requests. Those that wait or run go on: resolves once there are none. */
  refuse(error: ServerError): Promise<void> {
    this.#refusal = error;
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      this.#start();
    });
  }

  /** Ends all requests. */
  close(error: ServerError): void {
    this.#refusal = error;
    for (const one of [...this.#waiting]) one.reject(error);
    for (const batch of this.#running.keys()) batch.abort(error);
  }

  get #state(): QueueState {
    const { batchesAtOnce, batchSize, clock, cost, latencyMs, maxWaitMs } = this.#options;
    const now = clock.now();
    return {
      ...{ batchSize, latencyMs, maxWaitMs, line: cost.line, places: batchesAtOnce() },
      waitingUsers: this.#waiting.size,
      waitingTokens: this.#waitingTokens,
      runningMs: [...this.#running.values()].map((end) => Math.max(0, end - now)),
    };
  }

  #remove(one: Waiting): void {
    if (this.#waiting.delete(one)) this.#waitingTokens -= one.tokens;
  }

  #start(): void {
    const { batchesAtOnce, batchSize } = this.#options;
    while (this.#waiting.size > 0 && this.#running.size < batchesAtOnce()) {
      const limits = { batchSize, tokenBudget: tokenBudget(this.#state) };
      const batch = chooseBatch(this.#waiting, limits);
      for (const one of batch) this.#remove(one);
      void this.#run(batch);
    }
    if (this.#waiting.size === 0 && this.#running.size === 0) this.#onIdle();
  }

  /** Never rejects. */
  async #run(batch: readonly Waiting[]): Promise<void> {
    const { clock, decode, cost, onBatch } = this.#options;
    const controller = new AbortController();
    const startedAt = clock.now();
    const tokens = batch.reduce((sum, one) => sum + one.tokens, 0);
    this.#running.set(controller, startedAt + batchMs(cost.line, tokens));
    this.#runningUsers += batch.length;
    let open = batch.length;
    const jobs = batch.map(({ job, dropped: { signal } }): DecodeJob => {
      signal.addEventListener("abort", () => {
        open--;
        if (open === 0) controller.abort(signal.reason);
      });
      return { ...job, key: this.#nextKey++, signal };
    });
    const deadline = batch.reduce((latest, one) => Math.max(latest, one.deadline), 0);
    try {
      const outcomes = await decode(jobs, { signal: controller.signal, deadline });
      const computeMs = clock.now() - startedAt;
      // A batch that some requests have left says little about the time of whole ones.
      if (open === batch.length) {
        const milliseconds = Math.min(computeMs, MAX_SURPRISE * batchMs(cost.line, tokens));
        cost.observe({ tokens, milliseconds });
      }
      onBatch?.({ users: batch.length, computeMs });
      outcomes.forEach((outcome, at) => {
        const one = batch[at];
        one?.resolve({ outcome, queueMs: startedAt - one.enqueuedAt, computeMs });
      });
    } catch (error) {
      for (const one of batch) one.reject(error);
    } finally {
      this.#running.delete(controller);
      this.#runningUsers -= batch.length;
      this.#start();
    }
  }
}
