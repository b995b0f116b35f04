import { gather, RequestGroups } from "@nightbeam/decoding";
import { ModelError } from "../errors.js";

/** A worker as the pool sees it: see `ModelWorker`. */
export interface PoolWorker<Request, Answer> {
  /** Calls that are running or waiting. */
  readonly load: number;
  /** Whether it takes calls. */
  readonly isOpen: boolean;
  /** Answers in the order of the requests. */
  run(requests: readonly Request[]): Promise<readonly Answer[]>;
  /** Drops what was kept under these keys. */
  release(keys: readonly number[]): void;
  close(): Promise<void>;
}

/**
 * A program on several worker threads with one queue. Requests about a prompt go to the worker that
 * keeps it; new ones go to the worker with the least to do, and so do those of a worker that died: what
 * it kept is computed again.
 */
export class ModelPool<Request extends { readonly key: number }, Answer> {
  readonly #workers: readonly PoolWorker<Request, Answer>[];
  readonly #maxWaiting: number;
  readonly #homes = new Map<number, PoolWorker<Request, Answer>>();
  #waiting = 0;

  /** @param options.maxWaiting calls that may wait or run at once; one more is refused with BUSY */
  constructor(options: { workers: readonly PoolWorker<Request, Answer>[]; maxWaiting: number }) {
    this.#workers = options.workers;
    this.#maxWaiting = options.maxWaiting;
  }

  /** One call; answers in the order of the requests. @throws ModelError BUSY, CLOSED, RUNTIME, PROMPT_TOO_LONG */
  async run(requests: readonly Request[]): Promise<readonly Answer[]> {
    if (this.#waiting >= this.#maxWaiting) {
      throw new ModelError(
        "BUSY",
        `${this.#waiting} calls are waiting for the model; try again when some are done`,
      );
    }
    this.#waiting++;
    try {
      return await gather(requests, {
        groups: this.#split(requests),
        ask: (asked, { home }) => home.run(asked),
      });
    } finally {
      this.#waiting--;
    }
  }

  /** Drops what was kept under these keys. Unknown keys are ignored. */
  release(keys: readonly number[]): void {
    for (const worker of this.#workers) {
      const kept = keys.filter((key) => this.#homes.get(key) === worker);
      if (kept.length > 0) worker.release(kept);
    }
    for (const key of keys) this.#homes.delete(key);
  }

  /** Finishes what is in progress and frees the models. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }

  #split(requests: readonly Request[]) {
    const groups = new RequestGroups<PoolWorker<Request, Answer>, number>({
      sum: (a, b) => a + b,
      fits: () => true,
    });
    const newcomers = this.#leastLoaded();
    requests.forEach(({ key }, place) => {
      const known = this.#homes.get(key);
      const home = known?.isOpen ? known : newcomers;
      this.#homes.set(key, home);
      groups.add(place, { home, size: 1 });
    });
    return groups.groups;
  }

  /** A worker that takes calls; if none does, one whose error says why. */
  #leastLoaded(): PoolWorker<Request, Answer> {
    const open = this.#workers.filter(({ isOpen }) => isOpen);
    const [first, ...others] = open.length > 0 ? open : this.#workers;
    if (first === undefined) throw new ModelError("CLOSED", "the pool has no workers");
    return others.reduce((least, worker) => (worker.load < least.load ? worker : least), first);
  }
}
