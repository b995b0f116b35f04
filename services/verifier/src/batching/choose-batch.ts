/** The properties of a waiting call that the choice depends on. */
export interface QueuedCall {
  readonly enqueuedAt: number;
  readonly call: {
    readonly tokens: number;
    readonly followUp: boolean;
    readonly promptLength: number;
    readonly beamWidth: number;
  };
}

export interface BatchLimits {
  /** Maximum rows of a batch, unless a single call has more. */
  readonly tokenBudget: number;
  /** Milliseconds after which a call precedes all younger ones. */
  readonly maxAgeMs: number;
}

/**
 * Chooses the calls of the next pass: first overdue calls, then follow-up calls (their searches hold memory at
 * the client, and their prompts are probably cached), then first calls whose prompt length is closest to the
 * oldest one's. Within each group, the oldest first. All have the beam width of the first one.
 *
 * No call starves: the oldest overdue call is in every batch, so an overdue call waits for at most as many batches
 * as there are older ones.
 *
 * @param waiting in order of arrival, at least one
 */
export function chooseBatch<One extends QueuedCall>(
  waiting: readonly One[],
  options: BatchLimits & { readonly now: number },
): One[] {
  const { now, maxAgeMs, tokenBudget } = options;
  const isOverdue = ({ enqueuedAt }: One) => now - enqueuedAt > maxAgeMs;
  const first = waiting.find(isOverdue) ?? waiting.find(({ call }) => call.followUp) ?? waiting[0];
  const alike = waiting.filter(({ call }) => call.beamWidth === first?.call.beamWidth);
  const overdue = alike.filter(isOverdue);
  const others = alike.filter((one) => !isOverdue(one));
  const followUps = others.filter(({ call }) => call.followUp);
  const seed = alike.find(({ call }) => !call.followUp)?.call.promptLength ?? 0;
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
