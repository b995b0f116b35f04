import { DrafterError } from "../errors.js";
import { Turnstile } from "./turnstile.js";

/** Jobs that are remembered; the oldest are forgotten. */
const MOST = 1_000;

/**
 * Finds out which shard kills the decode thread. When the thread dies with several shards in it, all of
 * them are suspects: none is blamed, but each goes through the thread alone the next time. Then it is
 * clear whose fault a death is, and no shard fails for the company it had.
 */
export class Suspects {
  readonly #turnstile = new Turnstile();
  readonly #jobIds = new Set<string>();

  /** Works on a job when its turn comes. @throws what the work throws; the signal's reason */
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
    if (this.#jobIds.size > MOST && oldest !== undefined) this.#jobIds.delete(oldest);
  }
}
