import type { ScoreAnswer, ScoreRequest, Scorer } from "@nightbeam/decoding";
import { ModelError } from "../errors.js";
import type { ModelWorker } from "./model-worker.js";

/**
 * A model on several worker threads, behind one queue. Users stay with the worker that keeps their
 * prompt; new users go to the worker with the least to do.
 */
export class ModelPool implements Scorer {
  readonly #workers: readonly ModelWorker[];
  readonly #mostWaiting: number;
  readonly #homes = new Map<number, ModelWorker>();

  /** @param options.mostWaiting calls that may wait or run at once; one more is refused with BUSY */
  constructor(options: { workers: readonly ModelWorker[]; mostWaiting: number }) {
    this.#workers = options.workers;
    this.#mostWaiting = options.mostWaiting;
  }

  /** @throws ModelError BUSY, CLOSED, RUNTIME, PROMPT_TOO_LONG */
  async score(requests: readonly ScoreRequest[]): Promise<readonly ScoreAnswer[]> {
    const waiting = this.#workers.reduce((sum, { load }) => sum + load, 0);
    if (waiting >= this.#mostWaiting) {
      throw new ModelError(
        "BUSY",
        `${waiting} calls are waiting for the model; try again when some are done`,
      );
    }
    const newcomers = this.#leastLoaded();
    const shares = new Map<ModelWorker, number[]>();
    requests.forEach(({ key }, place) => {
      const worker = this.#homes.get(key) ?? newcomers;
      this.#homes.set(key, worker);
      const share = shares.get(worker) ?? [];
      shares.set(worker, share);
      share.push(place);
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

  release(keys: readonly number[]): void {
    const shares = new Map<ModelWorker, number[]>();
    for (const key of keys) {
      const worker = this.#homes.get(key);
      if (worker === undefined) continue;
      this.#homes.delete(key);
      const share = shares.get(worker) ?? [];
      shares.set(worker, share);
      share.push(key);
    }
    for (const [worker, share] of shares) worker.release(share);
  }

  /** Finishes what is under way and frees the models. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }

  #leastLoaded(): ModelWorker {
    const [first, ...others] = this.#workers;
    if (first === undefined) throw new ModelError("CLOSED", "the pool has no workers");
    return others.reduce((least, worker) => (worker.load < least.load ? worker : least), first);
  }
}
