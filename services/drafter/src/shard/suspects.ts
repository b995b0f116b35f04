import { DrafterError } from "../errors.js";
import { Turnstile } from "./turnstile.js";

/** Maximum of remembered jobs; the oldest are forgotten first. */
const MAX_JOBS = 1_000;

/**
 * Finds out which shard kills the decode thread. If the thread dies with several shards, all of them are suspects:
 * none fails, but each runs alone the next time. If the thread dies again, the cause is clear, and no shard fails
 * because of another one.
 */
export class Suspects {
  readonly #turnstile = new Turnstile();
  readonly #jobIds = new Set<string>();

  /** Calls `work` when it is the job's turn. @throws what the work throws; the signal's reason */
  async pass<Result>(
    job: { readonly id: string; readonly signal: AbortSignal },
    work: () => Promise<Result>,
  ): Promise<Result> {
    const { id, signal } = job;
    const leave = await this.#turnstile.enter({ alone: this.#jobIds.has(id), signal });
    try {
      const result = await work();
      this.#jobIds.delete(id);
      return result;
    } catch (error) {
      if (error instanceof DrafterError && error.code === "THREAD_LOST") this.#add(id);
      throw error;
    } finally {
      leave();
    }
  }

  #add(id: string): void {
    this.#jobIds.add(id);
    const [oldest] = this.#jobIds;
    if (this.#jobIds.size > MAX_JOBS && oldest !== undefined) this.#jobIds.delete(oldest);
  }
}
