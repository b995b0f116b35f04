/**
 * The pause after `failures` failures in a row. It doubles up to the longest and has a random share,
 * so that clients do not retry at the same moment.
 */
export function backoffMs(options: {
  /** At least 1. */
  readonly failures: number;
  readonly firstBackoffMs: number;
  readonly longestBackoffMs: number;
  /** 0 to 1. */
  readonly random: number;
}): number {
  const doubled = options.firstBackoffMs * 2 ** Math.min(options.failures - 1, 30);
  return Math.min(doubled, options.longestBackoffMs) * (0.5 + options.random / 2);
}

/** A hint of when to come back, spread over the half of it that follows. */
export function spreadMs(hintMs: number, random: number): number {
  return hintMs * (1 + random / 2);
}
