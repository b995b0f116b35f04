/** What the choice looks at. */
export interface Candidate {
  readonly enqueuedAt: number;
  readonly call: {
    readonly tokens: number;
    readonly followUp: boolean;
    readonly promptLength: number;
  };
}

export interface BatchLimits {
  /** Rows that a batch may have, unless a single call has more. */
  readonly tokenBudget: number;
  /** Milliseconds after which a call goes before all younger ones, whatever they are. */
  readonly maxAgeMs: number;
}

/**
 * The calls that share the next pass. First whoever has waited for too long, then follow-up calls
 * (their searches hold memory at the client, and their prompts are likely to be in the cache), then
 * new users whose prompts are most like the oldest one's. Within each, the oldest first.
 *
 * Nobody starves: the oldest overdue call is in every batch, so an overdue call waits for as many
 * batches as there are older ones.
 *
 * @param waiting in order of arrival, at least one
 */
export function chooseBatch<One extends Candidate>(
  waiting: readonly One[],
  options: BatchLimits & { readonly now: number },
): One[] {
  const { now, maxAgeMs, tokenBudget } = options;
  const isOverdue = ({ enqueuedAt }: One) => now - enqueuedAt > maxAgeMs;
  const overdue = waiting.filter(isOverdue);
  const others = waiting.filter((one) => !isOverdue(one));
  const followUps = others.filter(({ call }) => call.followUp);
  const seed = waiting.find(({ call }) => !call.followUp)?.call.promptLength ?? 0;
  const distance = ({ call }: One) => Math.abs(call.promptLength - seed);
  // Sorting is stable: equally long prompts stay in order of arrival.
  const newcomers = others
    .filter(({ call }) => !call.followUp)
    .sort((a, b) => distance(a) - distance(b));
  const chosen: One[] = [];
  let tokens = 0;
  for (const one of [...overdue, ...followUps, ...newcomers]) {
    if (chosen.length > 0 && tokens + one.call.tokens > tokenBudget) continue;
    chosen.push(one);
    tokens += one.call.tokens;
  }
  return chosen;
}
