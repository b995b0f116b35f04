import { z } from "zod";
import { runIdSchema } from "./job-ids.js";

/** The settings of a kind of job. */
export interface JobKind {
  /** The name of its queue. */
  readonly queue: string;
  /** The schema of its data: ids and locations, never the input itself. */
  readonly data: z.ZodType;
  /** The schema of its result: small, because a parent may load the results of all children. */
  readonly result: z.ZodType;
  /** Maximum number of tries before it fails permanently. */
  readonly attempts: number;
  /** Delay before the second try. It doubles with every try; half of it is random. */
  readonly backoffMs: number;
  /** Time limit that the handler must keep; BullMQ does not enforce it. */
  readonly timeoutMs: number;
  /** How often its worker may die or freeze before the job fails permanently. */
  readonly stalls: number;
  /** Maximum number of starts; only for scheduled jobs, to which BullMQ does not apply `stalls`. */
  readonly starts?: number;
}

const location = z.string().min(1).max(2_000);
const count = z.int().min(0);

/** The failures of a shard on one node. */
const failureSchema = z.object({
  node: z.string().min(1).max(200),
  /**
   * What is at fault, as far as the node can tell: the shard, the node itself, or the version of Nightbeam that it
   * runs.
   */
  blame: z.enum(["shard", "node", "version"]),
  /** The last reason. */
  reason: z.string().max(2_000),
  times: z.int().min(1),
  /** When it failed last, by the node's clock, in epoch milliseconds. */
  at: z.number(),
});

const shardData = z.strictObject({
  runId: runIdSchema,
  location,
  index: count,
  rows: count,
  /** The nodes that it failed on. Default: none. */
  failures: z.array(failureSchema).exactOptional(),
  /** When the run must be complete, ISO 8601 UTC. Compare it with `redisNow`: the clocks of nodes may differ. */
  dueAt: z.iso.datetime().exactOptional(),
});
const shardResult = z.strictObject({
  index: count,
  /** False if another attempt had committed the shard already. */
  created: z.boolean(),
  rows: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const finishData = z.strictObject({ runId: runIdSchema, location });
const finishResult = z.strictObject({ shards: count, missing: count });

const nightData = z.strictObject({ schedule: z.string().min(1).max(100) });
const nightResult = z.strictObject({ runId: runIdSchema, created: z.boolean() });

/**
 * All kinds of jobs. Each has its own queue, because a BullMQ worker serves a whole queue: drafters take
 * shards, the scheduler finishes runs and starts nights.
 */
export const JOBS = {
  /** Decodes one shard of a run: read, draft, verify, write, commit. */
  shard: {
    queue: "shards",
    data: shardData,
    result: shardResult,
    attempts: 4,
    backoffMs: 2_000,
    timeoutMs: 3_600_000,
    // One node that is killed at every shard must not use them up before another one has had its turn.
    stalls: 20,
  },
  /** When all shards of a run have ended: checks the commits against the plan, writes the manifest. */
  finish: {
    queue: "finishes",
    data: finishData,
    result: finishResult,
    attempts: 8,
    backoffMs: 5_000,
    timeoutMs: 1_800_000,
    stalls: 5,
  },
  /** When a schedule is due: starts the run of that night, unless it exists. */
  night: {
    queue: "nights",
    data: nightData,
    result: nightResult,
    attempts: 5,
    backoffMs: 30_000,
    timeoutMs: 1_800_000,
    stalls: 5,
    starts: 10,
  },
} as const satisfies Record<string, JobKind>;

export type JobName = keyof typeof JOBS;
export type JobData<Name extends JobName> = z.infer<(typeof JOBS)[Name]["data"]>;
export type JobResult<Name extends JobName> = z.infer<(typeof JOBS)[Name]["result"]>;
export type ShardJobData = JobData<"shard">;
export type ShardFailureRecord = Readonly<z.infer<typeof failureSchema>>;
export type ShardJobResult = JobResult<"shard">;
export type FinishJobData = JobData<"finish">;
export type FinishJobResult = JobResult<"finish">;
export type NightJobData = JobData<"night">;
export type NightJobResult = JobResult<"night">;
