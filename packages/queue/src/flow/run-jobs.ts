import { finishJobId, shardJobId, shardOfJobId } from "../jobs/job-ids.js";
import type { JobQueues } from "./queues.js";
import { readJobs, readWith, type StoredState } from "./read-jobs.js";
import { readFailure } from "./redis-failure.js";

/** A job that no worker can find counts as missing; `repairRun` recreates it. */
export type ShardJobState = "waiting" | "active" | "delayed" | "completed" | "failed" | "missing";

export type FinishJobState = ShardJobState | "waiting-children";

export interface ShardJob {
  readonly index: number;
  readonly state: ShardJobState;
  /** Why the last try failed, for a failed job and for one that is retried. */
  readonly reason?: string;
  /** How often a worker has started it. */
  readonly starts: number;
}

export interface FinishJob {
  readonly state: FinishJobState;
  readonly reason?: string;
  readonly starts: number;
}

export interface RunJobs {
  readonly finish: FinishJob;
  /** In the order of the requested indexes. */
  readonly shards: readonly ShardJob[];
  readonly counts: Readonly<Record<ShardJobState, number>>;
}

export interface RunJobsOptions {
  readonly runId: string;
  /** The indexes of the shards to read. */
  readonly shards: readonly number[];
}

/**
 * Reads the jobs of a run.
 *
 * @throws QueueError REDIS_UNREACHABLE; BAD_JOB for an invalid run id
 */
export async function runJobs(queues: JobQueues, options: RunJobsOptions): Promise<RunJobs> {
  const { finish, shards: stored } = await readRun(queues, options).catch((error: unknown) => {
    throw readFailure(`the jobs of run ${options.runId}`, error);
  });
  // Without the shards that only the finish job refers to.
  const shards = stored.slice(0, new Set(options.shards).size);
  const counts = { waiting: 0, active: 0, delayed: 0, completed: 0, failed: 0, missing: 0 };
  const seen = shards.map((stored): ShardJob => {
    const state = shardState(stored.state);
    counts[state]++;
    return { index: stored.index, state, ...detailsOf(stored) };
  });
  const state = finish.state === "waiting-children" ? finish.state : shardState(finish.state);
  return { finish: { state, ...detailsOf(finish) }, shards: seen, counts };
}

function shardState(state: StoredState): ShardJobState {
  // A shard has no children, so this record is not of this package.
  return state === "lost" || state === "waiting-children" ? "missing" : state;
}

function detailsOf({ reason, starts }: { reason: string | undefined; starts: number }) {
  return reason === undefined ? { starts } : { starts, reason };
}

/** The job of a shard, as Redis holds it. */
export interface StoredShard {
  readonly index: number;
  readonly state: StoredState;
  readonly reason: string | undefined;
  readonly starts: number;
  readonly priority: number;
  /** Whether the run's finish job is its parent; undefined if there is no job. */
  readonly owned: boolean | undefined;
}

export interface StoredRun {
  readonly finish: {
    readonly state: StoredState;
    readonly reason: string | undefined;
    readonly starts: number;
    /** Number of its children, including ended ones. */
    readonly children: number;
    /** Whether it waits although no child is left, which would never end. */
    readonly stuck: boolean;
    /** Shards that it waited for both before and after their jobs were read. */
    readonly waitsFor: ReadonlySet<number>;
  };
  readonly shards: readonly StoredShard[];
}

/**
 * Reads everything that `decide` needs. Besides the requested shards, the result has those that the
 * finish job waits for.
 */
export async function readRun(
  queues: JobQueues,
  { runId, shards }: RunJobsOptions,
): Promise<StoredRun> {
  const before = await readFinish(queues, runId);
  const indexes = [...new Set([...shards, ...before.waitsFor])];
  const ids = indexes.map((index) => shardJobId(runId, index));
  const jobs = await readJobs(queues.redis, queues.shards, ids);
  // A shard leaves the list at the moment it ends. One that is on the list before and after its state
  // was read, and has ended nevertheless, will never leave.
  const after = await readFinish(queues, runId);
  const finishKey = queues.finishes.toKey(finishJobId(runId));
  return {
    finish: {
      ...after,
      stuck: after.state === "waiting-children" && after.waitsFor.size === 0,
      waitsFor: new Set([...before.waitsFor].filter((index) => after.waitsFor.has(index))),
    },
    shards: jobs.map(({ parentKey, ...job }, place) => ({
      index: indexes[place] ?? 0,
      ...job,
      owned: job.state === "missing" ? undefined : parentKey === finishKey,
    })),
  };
}

type ReadFinish = Omit<StoredRun["finish"], "stuck">;

/** Reads the finish job and its children at one instant. */
async function readFinish(queues: JobQueues, runId: string): Promise<ReadFinish> {
  const id = finishJobId(runId);
  const key = queues.finishes.toKey(id);
  const multi = queues.redis.multi();
  multi.smembers(`${key}:dependencies`).hlen(`${key}:processed`).hlen(`${key}:failed`);
  const { jobs, before } = await readWith(multi, queues.finishes, [id]);
  const [members, ...ended] = before;
  const waitsFor = shardsOf(runId, queues.shards.toKey(""), members);
  return {
    state: jobs[0]?.state ?? "missing",
    reason: jobs[0]?.reason,
    starts: jobs[0]?.starts ?? 0,
    children: ended.reduce((sum: number, one) => sum + Number(one), waitsFor.size),
    waitsFor,
  };
}

function shardsOf(runId: string, keyStart: string, members: unknown): Set<number> {
  const indexes = new Set<number>();
  for (const member of Array.isArray(members) ? members : []) {
    if (typeof member !== "string" || !member.startsWith(keyStart)) continue;
    const index = shardOfJobId(runId, member.slice(keyStart.length));
    if (index !== undefined) indexes.add(index);
  }
  return indexes;
}
