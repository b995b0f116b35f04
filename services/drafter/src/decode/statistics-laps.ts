import type { ClientStatistics } from "@nightbeam/protocol";
import type { FigureName, RunStats } from "@nightbeam/run";

/**
 * Returns a function that gives the cost of a client's calls since its last call, by the names of a commit record.
 *
 * Shards share a client, so one lap contains calls of several shards. Summed over the shards of a run and over
 * the drafters, the laps are the cost of all answered calls, with nothing counted twice.
 */
export function statisticsLaps(read: () => ClientStatistics): () => RunStats {
  let last = figures(read());
  return () => {
    const now = figures(read());
    const lap = new Map([...now].map(([name, sum]) => [name, sum - (last.get(name) ?? 0)]));
    last = now;
    return Object.fromEntries(lap);
  };
}

function figures(statistics: ClientStatistics): ReadonlyMap<FigureName, number> {
  return new Map<FigureName, number>([
    ["verifyCalls", statistics.calls],
    ["verifyRetries", statistics.retries],
    ["audits", statistics.audits],
    ["auditsDiffering", statistics.auditsDiffering],
    ["requestBytes", statistics.requestBytes],
    ["responseBytes", statistics.responseBytes],
    ["queueMs", statistics.queueMs],
    ["batchWaitMs", statistics.batchWaitMs],
    ["computeMs", statistics.computeMs],
    ["networkMs", statistics.networkMs],
    ["verifierSeconds", statistics.nodeMs / 1_000],
  ]);
}
