import { elapsedMs, type WallClock } from "../clock.js";
import type { RunView } from "./run-view.js";

/** Decides when a run that is partial is tried again. */
export interface PartialRetries {
  /** Whether it is to be tried again now. */
  takes(view: RetriedRun): boolean;
  /** When it is tried again, for people. Undefined if it is not. */
  reason(view: RetriedRun): string | undefined;
  /** Forgets a run that is complete or was resumed. */
  forget(runId: string): void;
}

export type RetriedRun = Pick<RunView, "state" | "endedAt"> & {
  readonly record: Pick<RunView["record"], "runId" | "retryUntil">;
};

export interface PartialRetriesOptions {
  readonly clock: WallClock;
  /** Pause before the nth retry, from 1. */
  readonly pauseMs?: ((retry: number) => number) | undefined;
  /** Milliseconds since some moment, never going back. Default: the process's monotonic clock. */
  readonly elapsed?: () => number;
}

const FIRST_PAUSE_MS = 60_000;
const MAX_PAUSE_MS = 15 * 60_000;

/** One minute, then twice as long every time, up to a quarter of an hour. */
function growingPause(retry: number): number {
  return Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (retry - 1));
}

export function partialRetries(options: PartialRetriesOptions): PartialRetries {
  const { clock, pauseMs = growingPause, elapsed = elapsedMs } = options;
  const plans = new Map<string, { retry: number; at: number; endedAt: string }>();
  const mayRetry = ({ state, record: { retryUntil } }: RetriedRun) => {
    return state === "partial" && retryUntil !== undefined && clock.now() < Date.parse(retryUntil);
  };
  /** The plan for this end of the run: a later end is another one, with a longer pause. */
  const planOf = ({ record: { runId }, endedAt = "" }: RetriedRun) => {
    const before = plans.get(runId);
    if (before?.endedAt === endedAt) return before;
    const retry = (before?.retry ?? 0) + 1;
    const plan = { retry, endedAt, at: elapsed() + pauseMs(retry) };
    plans.set(runId, plan);
    return plan;
  };
  return {
    takes: (view) => mayRetry(view) && elapsed() >= planOf(view).at,
    reason: (view) => {
      if (!mayRetry(view)) return undefined;
      const minutes = Math.max(1, Math.ceil((planOf(view).at - elapsed()) / 60_000));
      return `it is tried again in about ${minutes} min, until ${view.record.retryUntil}`;
    },
    forget: (runId) => void plans.delete(runId),
  };
}
