import type { RunStatus } from "@nightbeam/api";
import { type RunStats, readManifest } from "@nightbeam/run";
import { UsageError } from "@nightbeam/service";
import type { ClusterProcess, LocalCluster } from "./local-cluster.js";
import type { BenchClusterOptions } from "./options.js";
import { mainThreadSeconds, processorSeconds } from "./processor-time.js";

/** The figures of one run in a cluster. */
export interface ClusterRun {
  readonly users: number;
  readonly shards: number;
  /** From submission to manifest, so with planning and queues. */
  readonly usersPerSecond: number;
  /** Sums over the shards, by their names in the manifest. */
  readonly stats: RunStats;
  /** Processor time of everything that does not decode: scheduler, Redis, NATS and the drafters' main threads. */
  readonly controlSeconds: number;
}

/** Long, because each look at a run costs the scheduler work; the manifest has the exact end. */
const POLL_MS = 500;

/** Submits the work and waits for its manifest. @throws UsageError NOT_READY if the run does not finish */
export async function runInCluster(
  cluster: LocalCluster,
  options: BenchClusterOptions & { out: string },
): Promise<ClusterRun> {
  const { target, catalogue, histories, out, draftWidth, scoring } = options;
  const { draft, beamWidth, batchSize, partSize, limit, columns } = options;
  const before = controlSeconds(cluster.processes);
  const { run } = await cluster.submit({
    ...{ target, draft, catalogue, histories, out, draftWidth, scoring },
    ...{ beamWidth, batchSize, partSize, ...(limit === undefined ? {} : { limit }) },
    ...(columns === undefined ? {} : { columns }),
  });
  const ended = await untilEnded(cluster, run.id);
  const controlled = controlSeconds(cluster.processes) - before;
  if (ended.state !== "complete") {
    const { state, reason } = ended;
    throw new UsageError(
      "NOT_READY",
      `the run in the cluster is ${state}: ${reason ?? "see its logs"}`,
    );
  }
  const { users, stats, parts, createdAt } = await readManifest(out);
  const seconds = (Date.parse(createdAt) - Date.parse(ended.submittedAt)) / 1_000;
  return {
    users,
    shards: parts.length,
    usersPerSecond: users / seconds,
    stats,
    controlSeconds: controlled,
  };
}

async function untilEnded(cluster: LocalCluster, runId: string): Promise<RunStatus> {
  for (;;) {
    const run = await cluster.run(runId);
    if (run.state !== "planning" && run.state !== "running") return run;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function controlSeconds(processes: readonly ClusterProcess[]): number {
  return processes.reduce((sum, { name, pid }) => {
    if (pid === undefined || name.startsWith("verifier")) return sum;
    const seconds = name.startsWith("drafter") ? mainThreadSeconds : processorSeconds;
    return sum + seconds(pid);
  }, 0);
}
