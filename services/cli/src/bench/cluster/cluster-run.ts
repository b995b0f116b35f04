import { type RunStats, readManifest } from "@nightbeam/run";
import type { RunStatus } from "@nightbeam/scheduler/api";
import { UsageError } from "@nightbeam/service";
import type { ClusterProcess } from "../../cluster/cluster-file.js";
import type { SchedulerClient } from "../../cluster-client/client.js";
import type { BenchClusterOptions } from "./options.js";
import { mainThreadSeconds, processorSeconds } from "./processor-time.js";

/** What one run in a cluster came to. */
export interface ClusterRun {
  readonly users: number;
  readonly shards: number;
  /** From the submission to the manifest: planning, queues and all. */
  readonly usersPerSecond: number;
  /** Sums over the shards, by the names of the manifest. */
  readonly stats: RunStats;
  /** Processor time of what does not decode: scheduler, Redis, NATS and the drafters' main threads. */
  readonly controlSeconds: number;
}

export interface BenchedCluster {
  readonly client: SchedulerClient;
  readonly processes: readonly ClusterProcess[];
}

/** Seldom: looking at a run costs the scheduler work, and the manifest says when it was done. */
const POLL_MS = 500;

/** Submits the work and waits for its manifest. @throws UsageError NOT_READY where it does not come */
export async function runInCluster(
  { client, processes }: BenchedCluster,
  options: BenchClusterOptions & { out: string },
): Promise<ClusterRun> {
  const { target, catalogue, histories, out, draftWidth, scoring } = options;
  const { draft, beamWidth, batchSize, partSize, limit } = options;
  const before = controlSeconds(processes);
  const { run } = await client.submit({
    ...{ target, draft, catalogue, histories, out, draftWidth, scoring },
    ...{ beamWidth, batchSize, partSize, ...(limit === undefined ? {} : { limit }) },
  });
  const ended = await untilEnded(client, run.id);
  const controlled = controlSeconds(processes) - before;
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

async function untilEnded(client: SchedulerClient, runId: string): Promise<RunStatus> {
  for (;;) {
    const run = await client.run(runId);
    if (run.state !== "planning" && run.state !== "running") return run;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function controlSeconds(processes: readonly ClusterProcess[]): number {
  return processes.reduce((sum, { name, identity }) => {
    if (identity === undefined || name.startsWith("verifier")) return sum;
    const seconds = name.startsWith("drafter") ? mainThreadSeconds : processorSeconds;
    return sum + seconds(identity.pid);
  }, 0);
}
