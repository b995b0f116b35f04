import type { Clock } from "@nightbeam/service";

export interface LeasesOptions {
  /** Time to live of a lock in Redis after it was taken or renewed. */
  readonly lockMs: number;
  readonly clock: Clock;
}

/** A job that this process holds. */
export interface Lease {
  readonly jobId: string;
  /** Whether this process may still hold the lock. */
  readonly isHeld: boolean;
  /** Call it when the work on the job has ended. */
  release(): void;
}

interface Held {
  readonly onLost: (detail: string) => void;
  until: number;
  lost: boolean;
}

/**
 * The locks that this process holds. BullMQ reports a renewal that Redis refused, but nothing while Redis cannot
 * be reached. So a lock also counts as lost if no renewal was confirmed within its time to live: then another
 * drafter may hold it.
 */
export class Leases {
  readonly #options: LeasesOptions;
  readonly #held = new Map<string, Held>();

  constructor(options: LeasesOptions) {
    this.#options = options;
  }

  /** Records a taken job. `onLost` is called once, if its lock is lost before `release`. */
  take(jobId: string, onLost: (detail: string) => void): Lease {
    // The queue delivered the job again, so the first lock has expired.
    this.lose([jobId], "the queue delivered the shard again");
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

  /** Records that Redis has renewed these locks. */
  renew(jobIds: readonly string[]): void {
    for (const jobId of jobIds) {
      const held = this.#held.get(jobId);
      if (held !== undefined) held.until = this.#expiry();
    }
  }

  /** Records that these locks are lost. */
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

  /** Gives up locks without a confirmed renewal; call it several times per `lockMs`. */
  check(): void {
    const now = this.#options.clock.now();
    const silent = [...this.#held].filter(([, { until }]) => now >= until).map(([jobId]) => jobId);
    this.lose(silent, `Redis confirmed no renewal for ${this.#options.lockMs} ms`);
  }

  #expiry(): number {
    return this.#options.clock.now() + this.#options.lockMs;
  }
}
