import type { RunStatus } from "@nightbeam/api";

/** How far a run was at a moment. */
export interface Sample {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly users: number;
}

/** The rate follows this much of the past. */
const WINDOW_MS = 60_000;
/** A rate from less is a guess. */
const MIN_WATCHED_MS = 3_000;

/** Users with a list, or rejected, including those of shards in progress. */
export function usersDone({ users }: Pick<RunStatus, "users">): number {
  return Math.min(users.done + users.underWay, users.total ?? Number.POSITIVE_INFINITY);
}

/** Adds a sample and drops those that are too old. A run that goes back, as after `redo`, begins again. */
export function withSample(samples: readonly Sample[], next: Sample): readonly Sample[] {
  const last = samples.at(-1);
  if (last !== undefined && next.users < last.users * 0.98) return [next];
  // The last one before the window stays, so that a slow run has two.
  const inWindow = samples.findIndex(({ at }) => next.at - at <= WINDOW_MS);
  const kept = inWindow < 0 ? samples.slice(-1) : samples.slice(Math.max(0, inWindow - 1));
  return [...kept, next];
}

/** Users per second. Undefined while too little is known. */
export function rateOf(samples: readonly Sample[], now: number): number | undefined {
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined || now - first.at < MIN_WATCHED_MS)
    return undefined;
  return Math.max(0, last.users - first.users) / ((now - first.at) / 1_000);
}

/** Seconds until a run is complete. Undefined if that cannot be estimated. */
export function secondsLeft(
  run: Pick<RunStatus, "users" | "state" | "expectedAt">,
  { rate, now }: { readonly rate: number | undefined; readonly now: number },
): number | undefined {
  if (run.state !== "running") return undefined;
  const left = (run.users.total ?? 0) - usersDone(run);
  if (rate !== undefined && rate > 0) return left / rate;
  if (run.expectedAt === undefined) return undefined;
  return Math.max(0, (Date.parse(run.expectedAt) - now) / 1_000);
}
