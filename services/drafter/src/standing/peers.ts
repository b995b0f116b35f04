import type { LiveDrafter } from "@nightbeam/queue";
import type { Clock } from "@nightbeam/service";

interface Asked {
  /** Since when no other drafter could take the run; undefined while one can. */
  readonly aloneSince: number | undefined;
  /** When it was last asked for. */
  readonly askedAt: number;
}

/** A run that was not asked for during this time is forgotten. */
const FORGET_MS = 1_800_000;

/** The other drafters, as far as this one knows from Redis: whether one of them could take a shard of a run. */
export class Peers {
  readonly #clock: Pick<Clock, "now">;
  readonly #name: string;
  readonly #runs = new Map<string, Asked>();
  #others: readonly LiveDrafter[] = [];

  constructor({ clock, name }: { readonly clock: Pick<Clock, "now">; readonly name: string }) {
    this.#clock = clock;
    this.#name = name;
  }

  /** Records the drafters that are alive. */
  update(live: readonly LiveDrafter[]): void {
    this.#others = live.filter(({ name }) => name !== this.#name);
    const now = this.#clock.now();
    for (const [runId, { askedAt }] of this.#runs) {
      if (now - askedAt > FORGET_MS) this.#runs.delete(runId);
      else this.#note(runId, askedAt);
    }
  }

  /** How long no other drafter could take shards of this run, since this was first asked. 0: one can. */
  aloneMs(runId: string): number {
    const now = this.#clock.now();
    const { aloneSince } = this.#note(runId, now);
    // The first moment alone is not 0 either.
    return aloneSince === undefined ? 0 : Math.max(1, now - aloneSince);
  }

  #note(runId: string, askedAt: number): Asked {
    const isTaken = this.#others.some(
      ({ refuses, isBlind }) => !isBlind && !refuses.includes(runId),
    );
    const before = this.#runs.get(runId)?.aloneSince;
    const asked = { askedAt, aloneSince: isTaken ? undefined : (before ?? this.#clock.now()) };
    this.#runs.set(runId, asked);
    return asked;
  }
}
