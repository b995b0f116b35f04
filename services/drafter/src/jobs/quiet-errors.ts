import type { Clock } from "@nightbeam/service";
import { codeOf, type Log, reasonOf } from "@nightbeam/service/log";

/** The same message is logged again after this time. */
const REPEAT_MS = 60_000;

/** Node's codes for a peer that cannot be reached. The connection itself has logged that once. */
const AWAY = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "ENOTFOUND"]);

/**
 * A listener for the errors of a BullMQ worker, which repeats them hundreds of times while Redis is down. Each
 * message is logged once per minute, and those about lost connections at level debug.
 */
export function quietErrors(options: {
  readonly log: Log;
  readonly clock: Clock;
  readonly isConnected: () => boolean;
}): (error: Error) => void {
  const { log, clock, isConnected } = options;
  const loggedAt = new Map<string, number>();
  return (error) => {
    const reason = reasonOf(error);
    const now = clock.now();
    const before = loggedAt.get(reason);
    if (before !== undefined && now - before < REPEAT_MS) return;
    if (loggedAt.size > 100) loggedAt.clear();
    loggedAt.set(reason, now);
    const isAway = AWAY.has(codeOf(error) ?? "");
    log[isAway || !isConnected() ? "debug" : "warn"]({ reason }, "error of the shard queue");
  };
}
