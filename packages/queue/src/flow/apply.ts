import type { JobsOptions } from "bullmq";
import { QueueError } from "../errors.js";
import { JOBS } from "../jobs/jobs.js";
import { jobOptions } from "../jobs/options.js";
import { parseJob } from "../jobs/parse-job.js";
import { finishJobId, shardJobId } from "../jobs/run-id.js";
import type { Decision } from "./decide.js";
import type { JobQueues } from "./queues.js";
import { readRun } from "./run-jobs.js";

/** A shard as its job names it. */
export interface ShardRef {
  readonly index: number;
  readonly rows: number;
}

export interface RunRef {
  readonly runId: string;
  /** Where the run's store is: a directory or s3://bucket/prefix. */
  readonly location: string;
}

export interface ApplyOptions extends RunRef {
  readonly shards: ReadonlyMap<number, ShardRef>;
  readonly decision: Decision;
}

/**
 * Does what was decided. Each step may be the last one before a crash: the next repair goes on from
 * there. Returns false where a worker took the finish job in the meantime and nothing was changed.
 */
export async function apply(queues: JobQueues, options: ApplyOptions): Promise<boolean> {
  const { runId, decision } = options;
  // First of all, so that removing its last child does not start it.
  if (decision.finish === "replace") {
    if (!(await removeFinishJob(queues, runId))) return false;
  }
  await removeShardJobs(queues, runId, decision.remove);
  const children = [...decision.add, ...decision.attach];
  if (decision.finish === "keep" && children.length === 0) return true;
  await addFlow(queues, options, children);
  return true;
}

/** Removes the finish job and leaves its shards; false while a worker holds it. */
export async function removeFinishJob(queues: JobQueues, runId: string): Promise<boolean> {
  // BullMQ would otherwise take the children along, and refuse as long as one of them is held.
  const options = { removeChildren: false };
  return (await queues.finishes.remove(finishJobId(runId), options)) !== 0;
}

/** Removals on their way at a time. */
const AT_ONCE = 500;

/** Removes jobs that no worker holds. */
export async function removeShardJobs(
  queues: JobQueues,
  runId: string,
  indexes: readonly number[],
): Promise<void> {
  for (let start = 0; start < indexes.length; start += AT_ONCE) {
    const some = indexes.slice(start, start + AT_ONCE);
    await Promise.all(some.map((index) => queues.shards.remove(shardJobId(runId, index))));
  }
}

async function addFlow(
  queues: JobQueues,
  { runId, location, shards }: ApplyOptions,
  children: readonly number[],
): Promise<void> {
  await queues.flow.add({
    name: "finish",
    queueName: JOBS.finish.queue,
    prefix: queues.prefix,
    data: parseJob("finish", { runId, location }),
    opts: { ...jobOptions("finish"), jobId: finishJobId(runId) },
    children: children.map((index) => ({
      name: "shard",
      queueName: JOBS.shard.queue,
      prefix: queues.prefix,
      // Without rows only where a committed shard's job goes on: what is there is not written anew.
      data: parseJob("shard", { runId, location, index, rows: shards.get(index)?.rows ?? 0 }),
      opts: { ...shardOptions(), jobId: shardJobId(runId, index) },
    })),
  });
}

/** A poison shard must not hold up the night: the finish job finds out from the store what is missing. */
function shardOptions(): JobsOptions {
  return { ...jobOptions("shard"), ignoreDependencyOnFailure: true };
}

/**
 * Reads back what should be there: BullMQ tells of errors at the first job of a flow only, and a
 * job that belongs to another parent is left out silently.
 *
 * @throws QueueError NOT_STORED
 */
export async function readBack(
  queues: JobQueues,
  runId: string,
  { indexes, children }: { readonly indexes: readonly number[]; readonly children: number },
): Promise<void> {
  const { finish, shards } = await readRun(queues, { runId, shards: indexes });
  const refuse = (what: string): never => {
    throw new QueueError(
      "NOT_STORED",
      `Redis took the jobs of run ${runId} but ${what}. Check that nothing else uses its keys and ` +
        "that it is a primary; then do the same again.",
    );
  };
  if (finish.state === "missing") refuse("holds no finish job");
  const gone = shards.filter((shard) => shard.owned === undefined);
  if (gone.length > 0) refuse(`holds no job of ${naming(gone)}`);
  const foreign = shards.filter((shard) => shard.owned === false);
  if (foreign.length > 0) refuse(`the jobs of ${naming(foreign)} belong to another parent`);
  if (finish.children < children) {
    refuse(`its finish job waits for ${finish.children} shards instead of ${children}`);
  }
}

function naming(shards: readonly { readonly index: number }[]): string {
  const some = shards.slice(0, 5).map((shard) => shard.index);
  const rest = shards.length - some.length;
  return `shard ${some.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
