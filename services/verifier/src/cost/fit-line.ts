/** What a pass of the model costs: `callMs + tokenMs · rows`. */
export interface CostLine {
  /** Milliseconds of a pass, whatever its size. */
  readonly callMs: number;
  /** Milliseconds of a row: a prompt's token or a node. */
  readonly tokenMs: number;
}

/** A pass that was timed. */
export interface TimedPass {
  readonly tokens: number;
  readonly milliseconds: number;
}

/**
 * The line of least squared error among those with neither part below 0; passes of one size say
 * nothing about the constant part, so it is 0 then.
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
  // The best line is on the border: through the origin, or flat where time falls with size.
  if (tokenMs < 0) return { callMs: meanMs, tokenMs: 0 };
  return { callMs: 0, tokenMs: squares > 0 ? products / squares : 0 };
}
