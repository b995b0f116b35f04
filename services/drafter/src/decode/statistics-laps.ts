import type { ClientStatistics } from "@nightbeam/protocol";

/**
 * What the calls of a run's client cost since the last lap, by the names of a commit record.
 *
 * Shards share a client, so a lap has shares of several; but over the shards of a run, and over the
 * drafters, the laps add up to all that answered calls cost, and nothing is counted twice.
 */
export function statisticsLaps(read: () => ClientStatistics): () => Record<string, number> {
  let last = figures(read());
  return () => {
    const now = figures(read());
    const lap = Object.fromEntries(
      Object.entries(now).map(([name, sum]) => [name, sum - (last[name] ?? 0)]),
    );
    last = now;
    return lap;
  };
}

function figures(statistics: ClientStatistics): Record<string, number> {
  return {
    verifyCalls: statistics.calls,
    verifyRetries: statistics.retries,
    requestBytes: statistics.requestBytes,
    responseBytes: statistics.responseBytes,
    queueMs: statistics.queueMs,
    batchWaitMs: statistics.batchWaitMs,
    computeMs: statistics.computeMs,
    networkMs: statistics.networkMs,
  };
}
