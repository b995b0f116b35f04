import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { countHistories } from "@nightbeam/dataset";
import { draftAt } from "@nightbeam/settings";
import { clusterToken } from "../../cluster/cluster-file.js";
import { clusterUpSchema } from "../../cluster/options.js";
import { type ClusterHandle, clusterUp, type RunningCluster } from "../../cluster/up.js";
import { schedulerClient } from "../../cluster-client/client.js";
import { recommendAlone } from "./alone.js";
import { type BenchedCluster, type ClusterRun, runInCluster } from "./cluster-run.js";
import type { BenchClusterOptions } from "./options.js";

export interface BenchClusterReport {
  /** Users a second of `nightbeam recommend`, one for each repetition. */
  readonly alone: readonly number[];
  readonly runs: readonly ClusterRun[];
  /** The same work in about a thousand shards, for what a shard costs whatever is in it. */
  readonly manyShards: ClusterRun;
  readonly partSize: number;
  readonly cores: number;
}

const MANY = 1_000;

/** One machine alone and a cluster on it, in turns: the same work, the same beams, the same batches. */
export async function benchCluster(
  given: BenchClusterOptions,
  say: (line: string) => void,
): Promise<BenchClusterReport> {
  const options = { ...given, ...absolute(given) };
  const directory = await mkdtemp(join(tmpdir(), "nightbeam-bench-"));
  const cores = availableParallelism();
  let handle: ClusterHandle | undefined;
  try {
    const started = await startCluster({ options, directory, say });
    handle = started.handle;
    const alone: number[] = [];
    const runs: ClusterRun[] = [];
    for (let round = 1; round <= options.repeat; round++) {
      alone.push(await recommendAlone(options, join(directory, `alone-${round}`)));
      say(`round ${round}: alone ${alone.at(-1)?.toFixed(1)} users/s`);
      const run = await runInCluster(started, { ...options, out: join(directory, `run-${round}`) });
      runs.push(run);
      say(`round ${round}: cluster ${run.usersPerSecond.toFixed(1)} users/s`);
    }
    const rows = Math.min(
      await countHistories({ path: options.histories }),
      options.limit ?? Infinity,
    );
    const manyShards = await runInCluster(started, {
      ...options,
      partSize: Math.max(1, Math.floor(rows / MANY)),
      out: join(directory, "many-shards"),
    });
    return { alone, runs, manyShards, partSize: options.partSize, cores };
  } finally {
    handle?.stop();
    await handle?.ended;
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

/** A cluster of its own, in a directory of its own, on free ports. */
async function startCluster(bench: {
  options: BenchClusterOptions;
  directory: string;
  say: (line: string) => void;
}): Promise<BenchedCluster & { handle: ClusterHandle }> {
  const { options, say } = bench;
  const directory = join(bench.directory, "cluster");
  const { target, catalogue, verifiers, drafters, scoring } = options;
  const up = clusterUpSchema.parse({
    ...{ target, catalogue, verifiers, drafters, scoring, directory },
    schedulerPort: 0,
    logFormat: "json",
  });
  let tellReady: (cluster: RunningCluster) => void = () => undefined;
  const ready = new Promise<RunningCluster>((resolveReady) => {
    tellReady = resolveReady;
  });
  const handle = await clusterUp(up, { say, ready: tellReady });
  // Should it end before it is ready, that is the error to tell.
  const { scheduler, processes } = await Promise.race([
    ready,
    handle.ended.then((): never => {
      throw new Error("the cluster ended before it was ready");
    }),
  ]);
  const client = schedulerClient({ url: scheduler, token: clusterToken(directory) });
  return { client, processes, handle };
}
