import type { Clock } from "@nightbeam/service";
import { type Blame, isPassing } from "./blame.js";
import { nextTrouble, type Pauses, type Trouble, type TroubleEvent } from "./trouble.js";

export interface StandingOptions {
  readonly clock: Pick<Clock, "now">;
  /** 0 to 1, without 1. */
  readonly random: () => number;
  /** Failures in a row after which shards of a run are no longer taken. */
  readonly maxFailures: number;
  readonly pauses: Pauses;
  /** Until when trouble of the store or of verifiers is waited out that has begun at `since`. */
  readonly waitsUntil: (runId: string, since: number) => number;
  /** How long no other drafter could take shards of a run before they fail here. */
  readonly otherNodeMs: number;
  /** How long no other drafter could take shards of this run so far. */
  readonly aloneMs: (runId: string) => number;
}

/** A run whose shards this drafter does not take. */
export interface StoppedRun extends Trouble {
  readonly runId: string;
}

/** Pause after a shard that was put back untouched; it doubles with each in a row. */
const REFUSED_MIN_MS = 50;
const REFUSED_MAX_MS = 5_000;
/** A run of which no shard was offered for this long after its pause has ended elsewhere. */
const FORGET_MS = 600_000;

/**
 * What this drafter can do: which runs it has trouble with, whether it takes shards of them, and whether it takes any.
 * Times are those of the clock, in milliseconds.
 */
export class Standing {
  readonly #options: StandingOptions;
  readonly #troubles = new Map<string, Trouble>();
  /** When a shard of a run with trouble was offered last. */
  readonly #offeredAt = new Map<string, number>();
  #refusals = 0;
  #refusedUntil = 0;

  constructor(options: StandingOptions) {
    this.#options = options;
  }

  /** Runs whose shards are not taken now, except for probes. */
  get stopped(): readonly StoppedRun[] {
    const all = [...this.#troubles].map(([runId, trouble]) => ({ runId, ...trouble }));
    return all.filter(({ state }) => state !== "counting");
  }

  /** Runs that had a failure since their last shard that was done. */
  get troubled(): readonly string[] {
    return [...this.#troubles.keys()];
  }

  /** Whether to take a shard of a run. `false` counts as a refusal: the drafter pauses for a moment. */
  admit(runId: string): boolean {
    const trouble = this.#troubles.get(runId);
    if (trouble !== undefined) this.#offeredAt.set(runId, this.#options.clock.now());
    const admitted = trouble === undefined || this.#takes(runId, trouble);
    if (admitted) this.#refusals = 0;
    else this.refused();
    return admitted;
  }

  /** Records that a shard was put back untouched, so that this drafter does not turn the queue over and over. */
  refused(): void {
    const pauseMs = Math.min(REFUSED_MAX_MS, REFUSED_MIN_MS * 2 ** Math.min(this.#refusals, 20));
    this.#refusals++;
    this.#refusedUntil = this.#options.clock.now() + pauseMs;
  }

  /** Forgets runs that are no longer in the queue. */
  forgetEnded(): void {
    const now = this.#options.clock.now();
    for (const [runId, { state, until }] of this.#troubles) {
      const lastAt = Math.max(until, this.#offeredAt.get(runId) ?? 0);
      if (state !== "probing" && now - lastAt > FORGET_MS) this.#forget(runId);
    }
  }

  /** Records that a shard of the run was done. @returns the trouble that ended by that, if shards were not taken */
  succeeded(runId: string): Trouble | undefined {
    const trouble = this.#troubles.get(runId);
    this.#forget(runId);
    return trouble?.state === "counting" ? undefined : trouble;
  }

  /** Records a failure. @returns the trouble, if it has just stopped the run */
  failed(
    runId: string,
    failure: { readonly blame: Blame; readonly reason: string },
  ): Trouble | undefined {
    const before = this.#troubles.get(runId)?.state ?? "counting";
    this.#offeredAt.set(runId, this.#options.clock.now());
    const trouble = this.#change(runId, { kind: "failed", ...failure });
    return trouble?.state === "stopped" && before === "counting" ? trouble : undefined;
  }

  /** Records that a shard of the run ended without an answer to whether this drafter can do it. */
  undone(runId: string): void {
    this.#change(runId, { kind: "no-answer" });
  }

  /** Whether trouble with a run has lasted so long that its shards fail for good. */
  isOverdue(runId: string): boolean {
    const { clock, waitsUntil, otherNodeMs, aloneMs } = this.#options;
    const trouble = this.#troubles.get(runId);
    if (trouble === undefined) return false;
    if (isPassing(trouble.blame)) return clock.now() >= waitsUntil(runId, trouble.since);
    return aloneMs(runId) >= otherNodeMs;
  }

  /** For how long no shard should be taken at all. 0: take shards. */
  get holdMs(): number {
    const now = this.#options.clock.now();
    const stopped = this.stopped.filter(({ runId }) => !this.isOverdue(runId));
    // One run may be at fault itself. If there are several, it is this node or what it depends on.
    const untils = stopped.map(({ state, until }) =>
      state === "probing" ? now + REFUSED_MAX_MS : until,
    );
    const resumesAt = untils.length >= 2 ? Math.min(...untils) : 0;
    return Math.max(0, resumesAt - now, this.#refusedUntil - now);
  }

  #takes(runId: string, { state, until }: Trouble): boolean {
    if (state === "counting" || this.isOverdue(runId)) return true;
    if (state === "probing" || this.#options.clock.now() < until) return false;
    this.#change(runId, { kind: "probe" });
    return true;
  }

  #forget(runId: string): void {
    this.#troubles.delete(runId);
    this.#offeredAt.delete(runId);
  }

  #change(runId: string, event: TroubleEvent): Trouble | undefined {
    const { clock, random, maxFailures, pauses } = this.#options;
    const context = { now: clock.now(), random: random(), maxFailures, pauses };
    const next = nextTrouble(this.#troubles.get(runId), event, context);
    if (next !== undefined) this.#troubles.set(runId, next);
    return next;
  }
}
