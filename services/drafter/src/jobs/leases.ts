import type { Clock } from "@nightbeam/service";

export interface LeasesOptions {
  /** How long a lock lasts in Redis after it was taken or renewed. */
  readonly lockMs: number;
  readonly clock: Clock;
}

/** A job that this process holds. */
export interface Lease {
  readonly jobId: string;
  /** Whether the lock can still be ours. */
  readonly isHeld: boolean;
  /** The work on the job has ended, whatever came of it. */
  release(): void;
}

interface Held {
  readonly onLost: (detail: string) => void;
  until: number;
  lost: boolean;
}

/**
 * Which locks are still ours. The queue tells of a renewal that Redis refused, and says nothing while
 * Redis cannot be reached: so a lock is taken as lost as well when nothing was heard for as long as
 * it lasts. By then somebody else may hold it.
 */
export class Leases {
  readonly #options: LeasesOptions;
  readonly #held = new Map<string, Held>();

  constructor(options: LeasesOptions) {
    this.#options = options;
  }

  /** A job was taken; `onLost` is called once, if its lock is lost before `release`. */
  take(jobId: string, onLost: (detail: string) => void): Lease {
    // The queue gave it to us a second time: the first lock must have run out.
    this.lose([jobId], "the queue gave the shard away again");
    const held: Held = { onLost, until: this.#expiry(), lost: false };
    this.#held.set(jobId, held);
    const { clock } = this.#options;
    return {
      jobId,
      get isHeld() {
        return !held.lost && clock.now() < held.until;
      },
      release: () => {
        held.lost = true;
        if (this.#held.get(jobId) === held) this.#held.delete(jobId);
      },
    };
  }

  /** Redis has just renewed these locks. */
  renew(jobIds: readonly string[]): void {
    for (const jobId of jobIds) {
      const held = this.#held.get(jobId);
      if (held !== undefined) held.until = this.#expiry();
    }
  }

  /** These locks are lost. */
  lose(jobIds: readonly string[], detail: string): void {
    for (const jobId of jobIds) {
      const held = this.#held.get(jobId);
      if (held === undefined) continue;
      this.#held.delete(jobId);
      held.lost = true;
      held.onLost(detail);
    }
  }

  loseAll(detail: string): void {
    this.lose([...this.#held.keys()], detail);
  }

  /** Gives up the locks that nothing was heard of; to be called several times while a lock lasts. */
  check(): void {
    const now = this.#options.clock.now();
    const silent = [...this.#held].filter(([, { until }]) => now >= until).map(([jobId]) => jobId);
    this.lose(silent, `Redis confirmed nothing for ${this.#options.lockMs} ms`);
  }

  #expiry(): number {
    return this.#options.clock.now() + this.#options.lockMs;
  }
}
