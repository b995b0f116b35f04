import { shardJobId, shardOfJobId } from "../jobs/job-ids.js";
import type { ShardFailureRecord } from "../jobs/job-kinds.js";
import { parseJob } from "../jobs/parse-job.js";
import type { JobQueues } from "./queues.js";
import { readFailure } from "./redis-failure.js";

/** The shards of a run whose jobs do not just wait. */
export interface MovingShards {
  readonly active: readonly number[];
  /** Failed, and tried again later. */
  readonly delayed: readonly number[];
  /** Failed for good. */
  readonly failed: readonly number[];
}

/**
 * Reads which shards of a run are active, delayed or failed. Unlike `runJobs` it does not ask for each shard, so a long
 * run costs no more than a short one; what waits is the rest.
 *
 * @throws QueueError REDIS_UNREACHABLE; BAD_JOB for an invalid run id
 */
export async function movingShards(queues: JobQueues, runId: string): Promise<MovingShards> {
  const { redis, shards } = queues;
  const multi = redis.multi();
  multi.lrange(shards.toKey("active"), 0, -1);
  for (const set of ["delayed", "failed"]) multi.zrange(shards.toKey(set), "0", "-1");
  try {
    const replies = (await multi.exec()) ?? [];
    const [active = [], delayed = [], failed = []] = replies.map(([error, ids]) => {
      if (error !== null) throw error;
      return (Array.isArray(ids) ? ids : []).flatMap((id) => shardOfJobId(runId, String(id)) ?? []);
    });
    return { active, delayed, failed };
  } catch (error) {
    throw readFailure(`the jobs of run ${runId}`, error);
  }
}

/** The job of one shard, for people. Times are epoch milliseconds. */
export interface ShardJobDetails {
  readonly state: string;
  /** How often a worker has started it. */
  readonly starts: number;
  /** The drafter that has it, or had it last. */
  readonly node: string | undefined;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  /** Why the last try failed. */
  readonly reason: string | undefined;
  /** The nodes that it failed on. */
  readonly failures: readonly ShardFailureRecord[];
  /** What the drafter reported about it. */
  readonly progress: unknown;
  /** The lines that were logged with the job. */
  readonly logs: readonly string[];
}

/** Reads the job of a shard. Undefined if there is none. @throws QueueError REDIS_UNREACHABLE, BAD_JOB */
export async function shardJobDetails(
  { shards }: JobQueues,
  { runId, index }: { readonly runId: string; readonly index: number },
): Promise<ShardJobDetails | undefined> {
  const id = shardJobId(runId, index);
  try {
    const job = await shards.getJob(id);
    if (job === undefined) return undefined;
    const [state, { logs }] = await Promise.all([job.getState(), shards.getJobLogs(id)]);
    return {
      state,
      starts: job.attemptsStarted,
      node: job.processedBy,
      startedAt: job.processedOn,
      endedAt: job.finishedOn,
      reason: job.failedReason === "" ? undefined : job.failedReason,
      failures: failuresOf(job.data),
      progress: job.progress,
      logs,
    };
  } catch (error) {
    throw readFailure(`the job of shard ${index} of run ${runId}`, error);
  }
}

/** None if a newer version wrote the job. */
function failuresOf(data: unknown): readonly ShardFailureRecord[] {
  try {
    return parseJob("shard", data).failures ?? [];
  } catch {
    return [];
  }
}
