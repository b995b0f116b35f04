/** The cost of a pass of the model: `callMs + tokenMs · rows`. */
export interface CostLine {
  /** Constant milliseconds per pass. */
  readonly callMs: number;
  /** Milliseconds per row: a prompt token or a node. */
  readonly tokenMs: number;
}

/** A timed pass. */
export interface TimedPass {
  readonly tokens: number;
  readonly milliseconds: number;
}

/**
 * Least-squares fit of a line whose parts are at least 0. Passes of one size do not determine the constant part,
 * so it is 0 then.
 */
export function fitLine(passes: readonly TimedPass[]): CostLine {
  const count = passes.length;
  if (count === 0) return { callMs: 0, tokenMs: 0 };
  const meanTokens = passes.reduce((sum, { tokens }) => sum + tokens, 0) / count;
  const meanMs = passes.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / count;
  let spread = 0;
  let together = 0;
  let squares = 0;
  let products = 0;
  for (const { tokens, milliseconds } of passes) {
    spread += (tokens - meanTokens) ** 2;
    together += (tokens - meanTokens) * (milliseconds - meanMs);
    squares += tokens ** 2;
    products += tokens * milliseconds;
  }
  const tokenMs = spread > 0 ? together / spread : Number.NaN;
  const callMs = meanMs - tokenMs * meanTokens;
  if (tokenMs >= 0 && callMs >= 0) return { callMs, tokenMs };
  // The best line is on the boundary: through the origin, or flat if the time falls with the size.
  if (tokenMs < 0) return { callMs: meanMs, tokenMs: 0 };
  return { callMs: 0, tokenMs: squares > 0 ? products / squares : 0 };
}
