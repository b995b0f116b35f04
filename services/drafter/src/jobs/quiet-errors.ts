import type { Clock } from "@nightbeam/service";
import { type Log, reasonOf } from "@nightbeam/service/log";

/** The same message is written again after so long. */
const REPEAT_MS = 60_000;

/** Node's names for a peer that is away; the connection itself has said so once. */
const AWAY = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "ENOTFOUND"]);

/**
 * A listener for the errors of a queue's worker. It repeats itself hundreds of times while Redis is
 * away; the log hears each message once a minute, and of lost connections only in detail.
 */
export function quietErrors(options: {
  readonly log: Log;
  readonly clock: Clock;
  readonly isConnected: () => boolean;
}): (error: Error) => void {
  const { log, clock, isConnected } = options;
  const saidAt = new Map<string, number>();
  return (error) => {
    const reason = reasonOf(error);
    const now = clock.now();
    const before = saidAt.get(reason);
    if (before !== undefined && now - before < REPEAT_MS) return;
    if (saidAt.size > 100) saidAt.clear();
    saidAt.set(reason, now);
    const isAway = "code" in error && typeof error.code === "string" && AWAY.has(error.code);
    log[isAway || !isConnected() ? "debug" : "warn"]({ reason }, "the shard queue has an error");
  };
}
