import type { ScoreAnswer, ScoreRequest, Scorer } from "@nightbeam/decoding";
import { ModelError } from "../errors.js";

/** A worker as the pool sees it: see `ModelWorker`. */
export interface PoolWorker extends Scorer {
  /** Calls that are running or waiting. */
  readonly load: number;
  /** Whether it takes calls. */
  readonly isOpen: boolean;
  close(): Promise<void>;
}

/**
 * A model on several worker threads, behind one queue. Users stay with the worker that keeps their
 * prompt; new users go to the worker with the least to do, and so do those whose worker died: what
 * it kept of them is computed again.
 */
export class ModelPool implements Scorer {
  readonly #workers: readonly PoolWorker[];
  readonly #maxWaiting: number;
  readonly #homes = new Map<number, PoolWorker>();
  #waiting = 0;

  /** @param options.maxWaiting calls that may wait or run at once; one more is refused with BUSY */
  constructor(options: { workers: readonly PoolWorker[]; maxWaiting: number }) {
    this.#workers = options.workers;
    this.#maxWaiting = options.maxWaiting;
  }

  /** @throws ModelError BUSY, CLOSED, RUNTIME, PROMPT_TOO_LONG */
  async score(requests: readonly ScoreRequest[]): Promise<readonly ScoreAnswer[]> {
    if (this.#waiting >= this.#maxWaiting) {
      throw new ModelError(
        "BUSY",
        `${this.#waiting} calls are waiting for the model; try again when some are done`,
      );
    }
    this.#waiting++;
    try {
      return await this.#share(requests);
    } finally {
      this.#waiting--;
    }
  }

  release(keys: readonly number[]): void {
    const shares = new Map<PoolWorker, number[]>();
    for (const key of keys) {
      const worker = this.#homes.get(key);
      if (worker !== undefined) addTo(shares, { worker, one: key });
      this.#homes.delete(key);
    }
    for (const [worker, share] of shares) worker.release(share);
  }

  /** Finishes what is under way and frees the models. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }

  async #share(requests: readonly ScoreRequest[]): Promise<readonly ScoreAnswer[]> {
    const newcomers = this.#leastLoaded();
    const shares = new Map<PoolWorker, number[]>();
    requests.forEach(({ key }, place) => {
      const home = this.#homes.get(key);
      const worker = home?.isOpen ? home : newcomers;
      this.#homes.set(key, worker);
      addTo(shares, { worker, one: place });
    });
    const answers = new Array<ScoreAnswer>(requests.length);
    const calls = [...shares].map(async ([worker, places]) => {
      const asked = places.flatMap((place) => requests[place] ?? []);
      const answered = await worker.score(asked);
      places.forEach((place, at) => {
        const answer = answered[at];
        if (answer !== undefined) answers[place] = answer;
      });
    });
    await Promise.all(calls);
    return answers;
  }

  /** Of the workers that take calls; where none does, one that can say why. */
  #leastLoaded(): PoolWorker {
    const open = this.#workers.filter(({ isOpen }) => isOpen);
    const [first, ...others] = open.length > 0 ? open : this.#workers;
    if (first === undefined) throw new ModelError("CLOSED", "the pool has no workers");
    return others.reduce((least, worker) => (worker.load < least.load ? worker : least), first);
  }
}

function addTo(
  shares: Map<PoolWorker, number[]>,
  { worker, one }: { worker: PoolWorker; one: number },
): void {
  const share = shares.get(worker) ?? [];
  shares.set(worker, share);
  share.push(one);
}
