/** How far a run was at a moment. */
export interface PaceSample {
  /** Milliseconds of a monotonic clock. */
  readonly at: number;
  /** Input rows that are committed. */
  readonly rows: number;
}

/** Older samples do not count, so that the estimate follows drafters that come and go. */
const WINDOW_MS = 30 * 60_000;
/** Samples that are closer than this are joined. */
const SPACING_MS = 15_000;
/** An estimate from less is a guess. */
const MIN_WATCHED_MS = 30_000;

/** Adds a sample, and drops those that are too old or too close. */
export function withSample(samples: readonly PaceSample[], next: PaceSample): PaceSample[] {
  const last = samples.at(-1);
  const before = samples.at(-2);
  if (last?.rows === next.rows) return [...samples];
  const isClose = last !== undefined && before !== undefined && last.at - before.at < SPACING_MS;
  const kept = isClose ? samples.slice(0, -1) : samples;
  return [...kept.filter(({ at }) => next.at - at <= WINDOW_MS), next];
}

/**
 * Milliseconds until all rows are committed at the rate of the samples. A run that has stopped gets slower and slower.
 * Undefined if nothing was committed yet, or too little is known.
 */
export function timeLeft(
  samples: readonly PaceSample[],
  { now, rows }: { readonly now: number; readonly rows: number },
): number | undefined {
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const watched = now - first.at;
  if (last.rows <= first.rows || watched < MIN_WATCHED_MS) return undefined;
  return ((rows - last.rows) * watched) / (last.rows - first.rows);
}

export interface DueFacts {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly dueAt: number;
  readonly submittedAt: number;
  /** Milliseconds until the run is complete, if that can be estimated. */
  readonly leftMs: number | undefined;
  /** Why it stands still. */
  readonly stalled: string | undefined;
  /** Whether `late` was the last answer. */
  readonly wasLate: boolean;
}

export type Lateness = "in-time" | "late" | "missed";

/** Without an estimate a run counts as late when less than this part of its time is left. */
const UNKNOWN_PART = 0.1;
/** An alarm ends only when this part of the time that is left would be to spare. */
const SPARE_PART = 0.05;

/** Whether a run will be complete when it is due. */
export function lateness(facts: DueFacts): Lateness {
  const { now, dueAt, submittedAt, leftMs, stalled, wasLate } = facts;
  const remaining = dueAt - now;
  if (remaining <= 0) return "missed";
  if (stalled !== undefined) return "late";
  if (leftMs === undefined) {
    return remaining < (dueAt - submittedAt) * UNKNOWN_PART ? "late" : "in-time";
  }
  return leftMs > remaining * (wasLate ? 1 - SPARE_PART : 1) ? "late" : "in-time";
}
