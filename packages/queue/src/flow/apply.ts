import type { JobsOptions } from "bullmq";
import { QueueError } from "../errors.js";
import { finishJobId, shardJobId } from "../jobs/job-ids.js";
import { JOBS } from "../jobs/job-kinds.js";
import { jobOptions } from "../jobs/options.js";
import { parseJob } from "../jobs/parse-job.js";
import { DEFAULT_PRIORITY, jobPriority, type RunPriority } from "../jobs/priority.js";
import type { Decision } from "./decide.js";
import type { JobQueues } from "./queues.js";
import type { StoredRun } from "./run-jobs.js";

/** A shard, as its job names it. */
export interface ShardRef {
  readonly index: number;
  /** Input rows. */
  readonly rows: number;
}

export interface RunRef {
  readonly runId: string;
  /** The run's store: a directory or s3://bucket/prefix. */
  readonly location: string;
  /** When the run must be complete, ISO 8601 UTC. */
  readonly dueAt?: string | undefined;
  /** Default: `DEFAULT_PRIORITY`. */
  readonly priority?: RunPriority | undefined;
  /** The run's span, which its jobs belong to. */
  readonly traceparent?: string | undefined;
}

export interface ApplyOptions extends RunRef {
  readonly shards: ReadonlyMap<number, ShardRef>;
  readonly decision: Decision;
}

/**
 * Carries out a decision. The process may die after any step; the next repair continues from there.
 *
 * @returns false if a worker took the finish job in the meantime and nothing was changed
 */
export async function apply(queues: JobQueues, options: ApplyOptions): Promise<boolean> {
  const { runId, decision } = options;
  // First, because removing its last child would start it.
  if (decision.finish === "replace") {
    if (!(await removeFinishJob(queues, runId))) return false;
  }
  await removeShardJobs(queues, runId, decision.remove);
  await changePriorities(queues, options, decision.reprioritize);
  const children = [...decision.add, ...decision.attach];
  if (decision.finish === "keep" && children.length === 0) return true;
  // At least once: the finish job may have no children.
  for (let start = 0; start === 0 || start < children.length; start += ADDED_AT_ONCE) {
    await addFlow(queues, options, children.slice(start, start + ADDED_AT_ONCE));
  }
  return true;
}

/**
 * Jobs per transaction, during which Redis answers nobody else. The first one makes the finish job, and the others add
 * children to it. It waits for those it has: if all of them end before the next transaction, it starts too early, finds
 * what is missing, and the next repair replaces it.
 */
const ADDED_AT_ONCE = 1_000;

/** Removes the finish job but not its shards. @returns false if a worker holds it */
export async function removeFinishJob(queues: JobQueues, runId: string): Promise<boolean> {
  // Otherwise BullMQ removes the children too, and refuses while a worker holds one of them.
  const options = { removeChildren: false };
  return (await queues.finishes.remove(finishJobId(runId), options)) !== 0;
}

/** Concurrent removals. */
const REMOVALS_AT_ONCE = 500;

/** Removes shard jobs, except those that workers hold. */
export async function removeShardJobs(
  queues: JobQueues,
  runId: string,
  indexes: readonly number[],
): Promise<void> {
  for (let start = 0; start < indexes.length; start += REMOVALS_AT_ONCE) {
    const some = indexes.slice(start, start + REMOVALS_AT_ONCE);
    await Promise.all(some.map((index) => queues.shards.remove(shardJobId(runId, index))));
  }
}

/** Concurrent changes of the priority of a job. */
const CHANGES_AT_ONCE = 500;

/** Changes the priority of live jobs. An active one keeps it for its next try. */
async function changePriorities(
  queues: JobQueues,
  run: RunRef,
  indexes: readonly number[],
): Promise<void> {
  const priority = priorityOf(run);
  for (let start = 0; start < indexes.length; start += CHANGES_AT_ONCE) {
    const ids = indexes
      .slice(start, start + CHANGES_AT_ONCE)
      .map((index) => shardJobId(run.runId, index));
    const jobs = await Promise.all(ids.map((id) => queues.shards.getJob(id)));
    // One that is gone has ended.
    await Promise.all(jobs.map((job) => job?.changePriority({ priority }).catch(ignoreMissing)));
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === MISSING_JOB)) throw error;
}

/** BullMQ's number for a job that does not exist. */
const MISSING_JOB = -1;

/** The number of a run's jobs. */
export function priorityOf({ priority = DEFAULT_PRIORITY }: Pick<RunRef, "priority">): number {
  return jobPriority(priority);
}

async function addFlow(
  queues: JobQueues,
  { runId, location, dueAt, priority, traceparent, shards }: ApplyOptions,
  children: readonly number[],
): Promise<void> {
  const due = dueAt === undefined ? {} : { dueAt };
  // BullMQ's own field for the context of a trace.
  const traced = traceparent === undefined ? {} : { telemetry: { metadata: traceparent } };
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
      // Rows are only missing if the job of a committed shard exists already; it is not overwritten.
      data: parseJob("shard", {
        ...{ runId, location, index, ...due },
        rows: shards.get(index)?.rows ?? 0,
      }),
      opts: {
        ...shardOptions(),
        ...traced,
        priority: priorityOf({ priority }),
        jobId: shardJobId(runId, index),
      },
    })),
  });
}

/** A failed shard must not block the finish job, which reads from the store what is missing. */
function shardOptions(): JobsOptions {
  return { ...jobOptions("shard"), ignoreDependencyOnFailure: true };
}

/**
 * Checks that the jobs exist: BullMQ reports errors for the first job of a flow only, and silently
 * skips a job that belongs to another parent.
 *
 * @param run what was read after the last change
 * @param expected.children shards that the finish job must wait for at least
 * @throws QueueError NOT_STORED
 */
export function assertStored(
  runId: string,
  { finish, shards }: StoredRun,
  expected: { readonly children: number },
): void {
  const { children } = expected;
  const refuse = (what: string): never => {
    throw new QueueError(
      "NOT_STORED",
      `Redis accepted the jobs of run ${runId}, but ${what}. Check that nothing else uses its keys ` +
        "and that it is a primary; then try again.",
    );
  };
  if (finish.state === "missing") refuse("it has no finish job");
  const gone = shards.filter((shard) => shard.owned === undefined);
  if (gone.length > 0) refuse(`it has no job for ${naming(gone)}`);
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
