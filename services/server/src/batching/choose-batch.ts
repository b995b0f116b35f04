/** What the choice of a batch depends on. */
export interface Sized {
  readonly promptTokens: number;
  readonly tokens: number;
}

export interface BatchLimits {
  /** Users of a batch, at most. */
  readonly batchSize: number;
  /** Tokens of a batch, unless it has a single user. */
  readonly tokenBudget: number;
}

/** Batches' worth of requests that are looked at: among them, some have prompts of about the same length. */
const WINDOW = 4;

/**
 * Chooses the next batch: the request that has waited for longest, and of those next in line the ones whose prompts are
 * closest to its own in length, as shorter prompts are padded.
 *
 * @param waiting in order of arrival, at least one
 */
export function chooseBatch<One extends Sized>(
  waiting: Iterable<One>,
  { batchSize, tokenBudget }: BatchLimits,
): One[] {
  const window: One[] = [];
  for (const one of waiting) {
    window.push(one);
    if (window.length === WINDOW * batchSize) break;
  }
  const [first, ...others] = window;
  if (first === undefined) return [];
  const distance = ({ promptTokens }: One) => Math.abs(promptTokens - first.promptTokens);
  // Sorting is stable: of equally long prompts, the older come first.
  const chosen = [first];
  let { tokens } = first;
  for (const one of others.sort((a, b) => distance(a) - distance(b))) {
    if (chosen.length === batchSize || tokens + one.tokens > tokenBudget) break;
    chosen.push(one);
    tokens += one.tokens;
  }
  return chosen;
}
