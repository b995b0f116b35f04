/** The time of day, passed in so that tests can set it. */
export interface WallClock {
  /** Epoch milliseconds. */
  now(): number;
}

export const systemWallClock: WallClock = { now: () => Date.now() };

/** The process's monotonic clock, for durations: the time of day may be set. */
export function elapsedMs(): number {
  return performance.now();
}

/** Epoch milliseconds as ISO 8601, in UTC. */
export function isoTime(at: number): string {
  return new Date(at).toISOString();
}
