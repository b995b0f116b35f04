/**
 * How long to leave a verifier alone after so many failures in a row: doubling up to the longest,
 * then spread over its upper half, so that clients do not come back together.
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
