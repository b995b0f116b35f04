import { type Blame, isPassing } from "./blame.js";

/**
 * The trouble of this drafter with a run.
 *
 * `counting` -> `stopped` -> `probing` -> `stopped` (the probe failed) or gone (a shard was done). While it counts, it
 * takes shards of the run; while it is stopped, none; a probe is one shard that it takes nevertheless.
 */
export interface Trouble {
  readonly state: "counting" | "stopped" | "probing";
  readonly blame: Blame;
  readonly reason: string;
  /** Failures since the last shard that was done. */
  readonly failures: number;
  /** When the first of these happened. */
  readonly since: number;
  /** The next probe is due then. */
  readonly until: number;
  readonly pauseMs: number;
}

export type TroubleEvent =
  | { readonly kind: "failed"; readonly blame: Blame; readonly reason: string }
  /** A shard is taken to find out whether the trouble has ended. */
  | { readonly kind: "probe" }
  /** A probe ended without an answer: its lock was lost, or it was handed back. */
  | { readonly kind: "no-answer" };

export interface TroubleContext {
  readonly now: number;
  /** 0 to 1, without 1. */
  readonly random: number;
  /** Failures in a row after which shards of the run are no longer taken. */
  readonly maxFailures: number;
  readonly pauses: Pauses;
}

interface Pause {
  readonly minMs: number;
  readonly maxMs: number;
}

/** How long a stopped run is left alone; the pause doubles with each probe that fails. */
export interface Pauses {
  /** After failures that are this node's or the shards'. */
  readonly own: Pause;
  /** After trouble of the store or of verifiers. */
  readonly passing: Pause;
}

export const DEFAULT_PAUSES: Pauses = {
  own: { minMs: 10_000, maxMs: 300_000 },
  passing: { minMs: 2_000, maxMs: 60_000 },
};

/** The trouble after an event; a shard that is done ends it. The only transition function of `Trouble`. */
export function nextTrouble(
  trouble: Trouble | undefined,
  event: TroubleEvent,
  context: TroubleContext,
): Trouble | undefined {
  if (event.kind === "failed") return afterFailure(trouble, event, context);
  if (trouble === undefined || trouble.state === "counting") return trouble;
  if (event.kind === "probe") return { ...trouble, state: "probing" };
  return { ...trouble, state: "stopped" };
}

function afterFailure(
  trouble: Trouble | undefined,
  { blame, reason }: { readonly blame: Blame; readonly reason: string },
  context: TroubleContext,
): Trouble {
  const { now, maxFailures } = context;
  // Other trouble than before is waited out from now on.
  const same = trouble !== undefined && isPassing(trouble.blame) === isPassing(blame);
  const before = same
    ? trouble
    : { state: "counting" as const, failures: 0, since: now, pauseMs: 0, until: now };
  const failures = before.failures + 1;
  const known = { blame, reason, failures, since: before.since };
  // Shards that were taken before the stop say nothing new.
  if (before.state === "stopped") return { ...before, ...known };
  const stops = before.state === "probing" || failures >= limitOf(blame, maxFailures);
  if (!stops) return { ...before, ...known, state: "counting" };
  const { minMs, maxMs } = isPassing(blame) ? context.pauses.passing : context.pauses.own;
  const pauseMs = Math.min(maxMs, Math.max(minMs, 2 * before.pauseMs));
  // Jitter, so that the drafters of a cluster do not all try at the same moment.
  const until = now + pauseMs * (0.75 + context.random / 2);
  return { ...known, state: "stopped", pauseMs, until };
}

/** One failure shows trouble of the store, of the verifiers, or a version that is too old. */
function limitOf(blame: Blame, maxFailures: number): number {
  return blame === "shard" || blame === "node" ? maxFailures : 1;
}
