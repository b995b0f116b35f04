/** Time, handed in so that tests can let it pass. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** An instant as ISO 8601, UTC. */
export function isoTime(at: number): string {
  return new Date(at).toISOString();
}
