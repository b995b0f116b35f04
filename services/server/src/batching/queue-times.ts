import type { CostLine } from "@nightbeam/recommend";
import { ServerError } from "../errors.js";

/** What waits and runs, and how long batches take. */
export interface QueueState {
  readonly waitingUsers: number;
  readonly waitingTokens: number;
  /** Milliseconds that each running batch probably goes on. */
  readonly runningMs: readonly number[];
  /** Batches that can run at once. */
  readonly places: number;
  /** Users per batch, at most. */
  readonly batchSize: number;
  readonly line: CostLine;
  readonly latencyMs: number;
  readonly maxWaitMs: number;
}

/** Share of a batch's time that its constant part has when larger batches hardly answer more users per second. */
const SMALL_SHARE = 1 / 20;
/** Batches per place of which a queue is long. */
const LONG_QUEUE = 2;
const MIN_RETRY_MS = 20;
/** Times are estimates: whoever is sent away for longer may miss a place. */
const MAX_RETRY_MS = 5_000;

export function batchMs({ callMs, tokenMs }: CostLine, tokens: number): number {
  return callMs + tokens * tokenMs;
}

/**
 * Tokens that the next batch may have. Half of the latency's worth, while all that wait fit into the next batches. Then
 * the latency is lost, and batches grow to where the constant part of their time is a twentieth. They are full once
 * the queue is still longer than several of these.
 */
export function tokenBudget({ line, latencyMs, places, waitingTokens }: QueueState): number {
  const { callMs, tokenMs } = line;
  const prompt = Math.max(0, (latencyMs / 2 - callMs) / tokenMs);
  if (waitingTokens <= prompt * places) return prompt;
  const efficient = Math.max(prompt, ((1 / SMALL_SHARE - 1) * callMs) / tokenMs);
  return waitingTokens <= LONG_QUEUE * efficient * places ? efficient : Number.POSITIVE_INFINITY;
}

/** Milliseconds until a batch starts for what is enqueued now. */
function expectedWaitMs(state: QueueState): number {
  const { waitingUsers, waitingTokens, runningMs, places, batchSize, line } = state;
  if (waitingUsers === 0 && runningMs.length < places) return 0;
  const running = runningMs.reduce((sum, ms) => sum + ms, 0);
  const batches = Math.ceil(waitingUsers / batchSize);
  return (running + batches * line.callMs + waitingTokens * line.tokenMs) / places;
}

/** Why a request is refused at once: BUSY, DEADLINE. Undefined if it can probably be answered in time. */
export function refusalOf(
  state: QueueState,
  { tokens, leftMs }: { readonly tokens: number; readonly leftMs: number },
): ServerError | undefined {
  const { line, maxWaitMs, runningMs } = state;
  const ownMs = batchMs(line, tokens);
  const waitMs = expectedWaitMs(state);
  if (waitMs > 0 && (waitMs > maxWaitMs || waitMs + ownMs > leftMs)) {
    const limit =
      waitMs > maxWaitMs ? `the ${maxWaitMs} ms of --max-wait-ms` : "its deadline allows";
    const allowedMs = Math.max(0, Math.min(maxWaitMs, leftMs - ownMs));
    const retryAfterMs = Math.max(MIN_RETRY_MS, Math.ceil(waitMs - allowedMs));
    return new ServerError(
      "BUSY",
      `The request would wait about ${Math.ceil(waitMs)} ms, longer than ${limit}. Retry later, or add servers.`,
      { retryAfterMs: Math.min(MAX_RETRY_MS, retryAfterMs) },
    );
  }
  // On an idle server it is tried: the measured time may be that of a machine that was busy.
  const isIdle = runningMs.length === 0;
  if (leftMs > 0 && (isIdle || ownMs <= leftMs)) return undefined;
  return new ServerError(
    "DEADLINE",
    `A list takes about ${Math.ceil(ownMs)} ms, and the request has ${Math.max(0, Math.floor(leftMs))} ms. Give more time.`,
  );
}
