import { Turns } from "./turns.js";

/** The properties of a waiting call that the choice depends on. */
export interface QueuedCall {
  readonly enqueuedAt: number;
  readonly call: {
    readonly peer: string;
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
 * Chooses the calls of the next pass. The connection whose turn is longest ago has the first place, and the others
 * take turns for the rest. The calls of one come in this order: first overdue calls, then follow-up calls (their
 * searches hold memory at the client, and their prompts are probably cached), then first calls whose prompt length is
 * closest to the oldest one's. Within each group, the oldest first. All have the beam width of the first one.
 *
 * No call starves: of n connections that wait, each has the first place in one of n batches, and gives it to its oldest
 * overdue call. So a client that fills the queue delays its own calls, not those of others.
 *
 * @param waiting in order of arrival, at least one
 */
export function chooseBatch<One extends QueuedCall>(
  waiting: readonly One[],
  options: BatchLimits & { readonly now: number; readonly turns?: Turns },
): One[] {
  const { now, maxAgeMs, tokenBudget, turns = new Turns() } = options;
  const turnOf = ({ call }: One) => turns.of(call.peer);
  const next = Math.min(...new Set(waiting.map(turnOf)));
  const own = waiting.filter((one) => turnOf(one) === next);
  const isOverdue = ({ enqueuedAt }: One) => now - enqueuedAt > maxAgeMs;
  const first = own.find(isOverdue) ?? own.find(({ call }) => call.followUp) ?? own[0];
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
  for (const one of inTurns([...overdue, ...followUps, ...newcomers], first)) {
    if (chosen.length > 0 && tokens + one.call.tokens > tokenBudget) continue;
    chosen.push(one);
    tokens += one.call.tokens;
  }
  return chosen;
}

/** The first call of each connection, then the second of each, and so on; `first` leads. */
function inTurns<One extends QueuedCall>(calls: readonly One[], first: One | undefined): One[] {
  const byPeer = new Map<string, One[]>();
  if (first !== undefined) byPeer.set(first.call.peer, [first]);
  for (const one of calls) {
    if (one === first) continue;
    const own = byPeer.get(one.call.peer) ?? [];
    own.push(one);
    byPeer.set(one.call.peer, own);
  }
  if (byPeer.size <= 1) return [...byPeer.values()].flat();
  const longest = Math.max(...[...byPeer.values()].map(({ length }) => length));
  return Array.from({ length: longest }, (_, round) =>
    [...byPeer.values()].flatMap((own) => own[round] ?? []),
  ).flat();
}
