/** The time of day, passed in so that tests can set it. */
export interface WallClock {
  /** Epoch milliseconds. */
  now(): number;
}

/** A clock that is told the time by another one, which counts. */
export interface LedClock extends WallClock {
  /** @param now the other clock's time, in epoch milliseconds */
  learn(now: number): void;
}

/**
 * Redis' clock, as it was last read, plus the time since then: schedulers whose clocks differ, or are set, start and
 * miss the same nights. Before `learn` it is the process's own clock.
 */
export function ledClock(system: WallClock, elapsed: () => number = elapsedMs): LedClock {
  let learned: { readonly now: number; readonly at: number } | undefined;
  return {
    now: () => (learned === undefined ? system.now() : learned.now + elapsed() - learned.at),
    learn: (now) => {
      learned = { now, at: elapsed() };
    },
  };
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
