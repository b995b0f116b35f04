import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { countHistories } from "@nightbeam/dataset";
import { draftAt } from "@nightbeam/settings";
import { recommendAlone } from "./alone.js";
import { type ClusterRun, runInCluster } from "./cluster-run.js";
import type { LocalCluster, LocalClusters } from "./local-cluster.js";
import type { BenchClusterOptions } from "./options.js";

export interface BenchClusterReport {
  /** Users per second of `nightbeam recommend`, one figure per round. */
  readonly alone: readonly number[];
  readonly runs: readonly ClusterRun[];
  /** The same work in about a thousand shards, to measure the fixed cost of a shard. */
  readonly manyShards: ClusterRun;
  /** Users per shard of `runs`. */
  readonly partSize: number;
  readonly cores: number;
}

const MANY_SHARDS = 1_000;

/**
 * Measures one machine alone and a cluster on the same machine, taking turns: the same users, the same
 * beams, the same batches.
 *
 * @throws UsageError NOT_READY if the cluster does not start or a run in it does not finish
 */
export async function benchCluster(
  given: BenchClusterOptions,
  { clusters, say }: { clusters: LocalClusters; say: (line: string) => void },
): Promise<BenchClusterReport> {
  const options = { ...given, ...absolute(given) };
  const directory = await mkdtemp(join(tmpdir(), "nightbeam-bench-"));
  const cores = availableParallelism();
  let cluster: LocalCluster | undefined;
  try {
    const { target, catalogue, verifiers, drafters, scoring } = options;
    cluster = await clusters.start(
      { target, catalogue, verifiers, drafters, scoring, directory: join(directory, "cluster") },
      say,
    );
    const alone: number[] = [];
    const runs: ClusterRun[] = [];
    for (let round = 1; round <= options.repeat; round++) {
      const out = join(directory, `alone-${round}`);
      alone.push(await recommendAlone({ ...options, out }, clusters));
      say(`round ${round}: alone ${alone.at(-1)?.toFixed(1)} users/s`);
      const run = await runInCluster(cluster, { ...options, out: join(directory, `run-${round}`) });
      runs.push(run);
      say(`round ${round}: cluster ${run.usersPerSecond.toFixed(1)} users/s`);
    }
    const rows = Math.min(
      await countHistories({ path: options.histories, columns: options.columns }),
      options.limit ?? Infinity,
    );
    const manyShards = await runInCluster(cluster, {
      ...options,
      partSize: Math.max(1, Math.floor(rows / MANY_SHARDS)),
      out: join(directory, "many-shards"),
    });
    return { alone, runs, manyShards, partSize: options.partSize, cores };
  } finally {
    await cluster?.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

function absolute({ target, draft, catalogue, histories }: BenchClusterOptions) {
  return {
    target: resolve(target),
    draft: draft.map((one) => draftAt(one, (path) => resolve(path))),
    catalogue: resolve(catalogue),
    histories: resolve(histories),
  };
}
