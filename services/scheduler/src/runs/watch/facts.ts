import {
  type JobQueues,
  listFaults,
  type NodeFault,
  nextTry,
  promoteFar,
  type RedisHealth,
  type RunJobs,
  redisHealth,
  runJobs,
  type ShardQueueFacts,
  shardQueueFacts,
} from "@nightbeam/queue";
import { type Log, reasonOf } from "@nightbeam/service/log";
import { isoTime } from "../../clock.js";
import type { RunView } from "../run-view.js";
import type { PlanningFacts, StallFacts } from "./stall-facts.js";

export interface FactsOptions {
  readonly queues: JobQueues;
  /** The announced drafters. Undefined without a connection to NATS. */
  readonly drafters: () => StallFacts["drafters"];
  /** Rows that are done in shards in progress, or that another scheduler has read to plan the run. */
  readonly rowsUnderWay: (view: RunView) => Promise<number>;
  readonly log: Log;
}

/** What is the same for all runs. */
export interface ClusterFacts {
  readonly redis: RedisHealth;
  readonly queue: ShardQueueFacts | undefined;
  readonly faults: readonly NodeFault[];
}

/** Drafters delay shards for a minute at most, by their own clocks. */
const MAX_DELAY_MS = 300_000;

/** Never throws: what cannot be read is not known. */
export async function readClusterFacts(options: FactsOptions): Promise<ClusterFacts> {
  const { queues } = options;
  const redis = await redisHealth(queues);
  if (redis.state !== "ok") return { redis, queue: undefined, faults: [] };
  await known(options, promoteFar(queues, { maxDelayMs: MAX_DELAY_MS }));
  const [queue, faults] = await Promise.all([
    known(options, shardQueueFacts(queues)),
    known(options, listFaults(queues)),
  ]);
  return { redis, queue, faults: faults ?? [] };
}

export async function readRunFacts(
  options: FactsOptions,
  about: Pick<StallFacts, "unverified" | "error"> & {
    readonly view: RunView;
    readonly cluster: ClusterFacts;
    readonly planning: PlanningFacts;
  },
): Promise<StallFacts> {
  const { queues, drafters } = options;
  const { view, cluster, ...rest } = about;
  const { runId, out } = view.record;
  const run = { runId, shards: view.missing.map(({ index }) => index) };
  const asks = cluster.redis.state === "ok" && view.state === "running";
  const [jobs, nextAt] = asks
    ? await Promise.all([
        known(options, runJobs(queues, run)),
        known(options, nextTry(queues, runId)),
      ])
    : [];
  return {
    ...rest,
    ...cluster,
    phase: view.state === "planning" ? "planning" : "running",
    queueKey: queues.shards.toKey("meta"),
    jobs: jobs?.counts,
    failure: jobs === undefined ? undefined : commonestReason(jobs.shards),
    nextTryAt: nextAt === undefined ? undefined : isoTime(nextAt),
    drafters: drafters(),
    runId,
    location: out,
  };
}

function commonestReason(shards: RunJobs["shards"]): string | undefined {
  const counts = new Map<string, number>();
  for (const { reason } of shards) {
    if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

async function known<T>({ log }: FactsOptions, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    log.debug({ reason: reasonOf(error) }, "cannot read what runs wait for");
    return undefined;
  }
}
