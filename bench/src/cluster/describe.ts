import type { FigureName } from "@nightbeam/run";
import { facts, whole } from "@nightbeam/service/terminal";
import { median } from "../measure.js";
import type { BenchClusterReport } from "./bench-cluster.js";
import type { ClusterRun } from "./cluster-run.js";

/** The report as text for a terminal. */
export function describeBenchCluster(report: BenchClusterReport): string {
  const { alone, runs, cores, partSize, manyShards } = report;
  const one = median(alone);
  const ratios = runs.map(({ usersPerSecond }, round) => usersPerSecond / (alone[round] ?? 0));
  const cluster = median(runs.map(({ usersPerSecond }) => usersPerSecond));
  const sum = (name: FigureName) =>
    runs.reduce((total, { stats }) => total + (stats[name] ?? 0), 0);
  const users = runs.reduce((total, run) => total + run.users, 0);
  const calls = sum("verifyCalls");
  const perCall = (name: FigureName) => `${(sum(name) / calls).toFixed(1)} ms`;
  const share = controlShare(manyShards, { partSize, cores, usersPerSecond: cluster });
  return facts([
    ["one machine alone", `${one.toFixed(1)} users/s (nightbeam recommend, ${cores} workers)`],
    [
      "cluster",
      `${cluster.toFixed(1)} users/s, ${median(ratios).toFixed(2)} of it (planning, queues and manifest counted)`,
    ],
    [
      "on the wire",
      `${whole((sum("requestBytes") + sum("responseBytes")) / users)} bytes per user: ` +
        `${whole(sum("requestBytes") / users)} asked, ${whole(sum("responseBytes") / users)} answered`,
    ],
    [
      "per call",
      `queue ${perCall("queueMs")}, batch wait ${perCall("batchWaitMs")}, compute ${perCall("computeMs")}, ` +
        `network ${perCall("networkMs")}; ${whole(calls / runs.length)} calls, ${whole(sum("verifyRetries"))} retried`,
    ],
    [
      "control plane",
      `${perThousand(manyShards).toFixed(1)} s of processor time for 1,000 shards ` +
        `(measured on ${whole(manyShards.shards)} shards of a few users each): scheduler, Redis, NATS, the drafters' main threads`,
    ],
    [
      "",
      `${(100 * share).toFixed(2)}% of a night of 1,000 shards of ${whole(partSize)} users on this machine`,
    ],
  ]);
}

function perThousand({ controlSeconds, shards }: ClusterRun): number {
  return (controlSeconds / shards) * 1_000;
}

/** The control plane's share of all processor time of a night of 1,000 shards. */
export function controlShare(
  many: ClusterRun,
  night: { partSize: number; cores: number; usersPerSecond: number },
): number {
  const seconds = (1_000 * night.partSize * night.cores) / night.usersPerSecond;
  return perThousand(many) / seconds;
}
