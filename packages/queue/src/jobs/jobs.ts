import { z } from "zod";
import { runIdSchema } from "./run-id.js";

/** What every kind of job says about itself. */
export interface JobKind {
  /** The queue that it waits in, and that its workers serve. */
  readonly queue: string;
  /** Its data: ids and places only, never the work itself. */
  readonly data: z.ZodType;
  /** What its handler returns: a pointer and figures, because a parent may load all of them. */
  readonly result: z.ZodType;
  /** Tries that may end in an error. */
  readonly attempts: number;
  /** Wait before the second try; it doubles from try to try, with half of it drawn at random. */
  readonly backoffMs: number;
  /** After this the handler must give up; BullMQ does not watch it. */
  readonly timeoutMs: number;
  /** How often its worker may die or freeze before the job counts as poison. */
  readonly stalls: number;
  /** Most starts of any kind; only for jobs of a schedule, to which `stalls` does not apply. */
  readonly starts?: number;
}

const location = z.string().min(1).max(2_000);
const count = z.int().min(0);

const shardData = z.strictObject({ runId: runIdSchema, location, index: count, rows: count });
const shardResult = z.strictObject({
  index: count,
  /** False where another attempt had committed the shard already. */
  created: z.boolean(),
  rows: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const finishData = z.strictObject({ runId: runIdSchema, location });
const finishResult = z.strictObject({ shards: count, missing: count });

const nightData = z.strictObject({ schedule: z.string().min(1).max(100) });
const nightResult = z.strictObject({ runId: runIdSchema, created: z.boolean() });

/**
 * The job catalogue. A queue of its own for each kind, because a worker serves a whole queue:
 * drafters take shards, the scheduler finishes runs and starts nights.
 */
export const JOBS = {
  /** One slice of a run's users: read, draft, ask the verifiers, write, commit. */
  shard: {
    queue: "shards",
    data: shardData,
    result: shardResult,
    attempts: 4,
    backoffMs: 2_000,
    timeoutMs: 3_600_000,
    stalls: 5,
  },
  /** All shards of a run have ended: check the commits against the plan and write the manifest. */
  finish: {
    queue: "finishes",
    data: finishData,
    result: finishResult,
    attempts: 8,
    backoffMs: 5_000,
    timeoutMs: 1_800_000,
    stalls: 5,
  },
  /** A schedule's time has come: start the run of that night, if it is not there yet. */
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
export type ShardJobResult = JobResult<"shard">;
export type FinishJobData = JobData<"finish">;
export type FinishJobResult = JobResult<"finish">;
export type NightJobData = JobData<"night">;
export type NightJobResult = JobResult<"night">;
