import type { ProposedCounts, RunCost, RunStats } from "@nightbeam/run";
import { z } from "zod";

const count = z.number().min(0);
const time = z.iso.datetime();
// A type import alone: a client of the API must not load the package.
const figures: z.ZodType<RunStats> = z.record(z.string(), z.number());

/**
 * The state of a run:
 *
 * - `planning`: registered; hashes are being computed and the histories are being split into shards.
 * - `refused`: it cannot be planned; `reason` says why. Submit it again to retry.
 * - `running`: planned, and some shards are not done.
 * - `paused`: a user paused it: shards in progress are committed, and no other is taken until it is resumed.
 * - `complete`: the manifest is written.
 * - `partial`: some shards failed permanently; `setAside` says why. Submit it again to retry them.
 * - `cancelled`: a user stopped it. Submit it again to resume it.
 * - `unreadable`: its record, its files or its store cannot be read now; `reason` says why. `out` may be empty, and
 *   `submittedAt` is 1970 if not even the record can be read.
 */
export const runStateSchema = z.enum([
  "planning",
  "refused",
  "running",
  "paused",
  "complete",
  "partial",
  "cancelled",
  "unreadable",
]);

export type RunStateName = z.infer<typeof runStateSchema>;

const setAside = z.object({
  index: count,
  firstRow: count,
  rowCount: count,
  reason: z.string(),
});

/** What a run costs so far, without shards in progress and what nodes cost while they had nothing to do. */
const cost: z.ZodType<RunCost> = z.object({
  /** Seconds of drafters that its committed shards cost. */
  drafterSeconds: count,
  /** Seconds of verifiers that its calls cost. */
  verifierSeconds: count,
  /** Absent if the scheduler has no prices. */
  price: z
    .object({ currency: z.string(), total: count, perMillionUsers: count.exactOptional() })
    .exactOptional(),
});

const proposed: z.ZodType<ProposedCounts> = z.object({
  users: count,
  /** Items of all lists. */
  items: count,
  /** Items that were ignored, because the catalogue that is searched lacks them. */
  unknown: count,
  /** Items that the target was not trained on, if these have a threshold of their own. */
  newItems: count.exactOptional(),
});

const before = z.object({ before: z.number(), now: z.number() });

/** How a night's run differs from that of the night before, both complete. */
export const driftSchema = z.object({
  /** The run that it is compared with. */
  against: z.string(),
  users: before,
  rejected: before,
  callsPerUser: before.exactOptional(),
  /** Of a sample of the users that have a list in both runs. */
  sampledUsers: count,
  /** Mean share of the items of a list that were in the user's list before, 0 to 1. */
  overlap: z.number().min(0).max(1).exactOptional(),
  /** Share of the users whose first item is the same, 0 to 1. */
  sameFirst: z.number().min(0).max(1).exactOptional(),
  /** Mean score of the first item, in nats. */
  topScore: before.exactOptional(),
});

export type Drift = Readonly<z.infer<typeof driftSchema>>;

/** Whether the lists of a run are where backends read them. */
export const publicationSchema = z.object({
  /** `waiting` until it is complete and the first try has ended. `failed`: it is tried again, unless `reason` says otherwise. */
  state: z.enum(["waiting", "published", "failed"]),
  /** What the lists are called at the destination. */
  name: z.string(),
  /** What readers were switched to. */
  version: z.string().exactOptional(),
  /** When that state was reached. */
  at: time.exactOptional(),
  /** Why it failed. */
  reason: z.string().exactOptional(),
});

export type PublicationStatus = Readonly<z.infer<typeof publicationSchema>>;

export const runStatusSchema = z.object({
  id: z.string(),
  state: runStateSchema,
  /** Why a run is refused, or what it waits for. */
  reason: z.string().exactOptional(),
  out: z.string(),
  /** The night that started it. */
  night: z.string().exactOptional(),
  priority: z.enum(["urgent", "normal", "low"]),
  /** When it was paused, also while it is still being planned. Absent if it is not, or has ended. */
  pausedAt: time.exactOptional(),
  submittedAt: time,
  /** When it must be complete. */
  dueAt: time.exactOptional(),
  /** When it will be complete at its present rate, if that can be estimated. */
  expectedAt: time.exactOptional(),
  /** Until when a partial run is tried again; absent if it is not. */
  retryUntil: time.exactOptional(),
  /** When the state became complete, partial, cancelled or refused. */
  endedAt: time.exactOptional(),
  /** Input rows: in total, read so far by planning, and done. */
  users: z.object({
    total: count.exactOptional(),
    read: count.exactOptional(),
    done: count,
    /** Done in shards in progress. They move to `done` when their shard is committed. */
    underWay: count,
  }),
  /** Undefined until the run is planned. */
  shards: z
    .object({ total: count, done: count, active: count, waiting: count, setAside: count })
    .exactOptional(),
  /** Sums over the committed shards; once the run is complete, also figures derived from them. */
  stats: figures,
  /** The run that lists are taken from, or why all are computed; how many is in `stats`. Absent if none was to be reused. */
  reuse: z.object({ run: z.string(), refused: z.string().exactOptional() }).exactOptional(),
  /** What the lists of its candidates hold, once it is planned; what became of them is in `stats`. Absent if it has none. */
  candidates: proposed.exactOptional(),
  /** Target calls and searches, including shards in progress. */
  calls: z.object({ calls: count, searches: count }),
  setAside: z.array(setAside),
  /** Rows without a list. */
  rejected: count,
  cost: cost.exactOptional(),
  /** Against the night before. Absent until it is computed, and for runs that are not a night's. */
  drift: driftSchema.exactOptional(),
  /** Absent if it is not published. */
  publication: publicationSchema.exactOptional(),
});

export type RunStatus = Readonly<z.infer<typeof runStatusSchema>>;

export const startedRunSchema = z.object({
  /** `created`: the run is new. `resumed`: missing shards are retried. `unchanged`: it is in progress or complete. */
  outcome: z.enum(["created", "resumed", "unchanged"]),
  run: runStatusSchema,
});

export type StartedRun = Readonly<z.infer<typeof startedRunSchema>>;

/** What a run would probably take, and nothing is submitted. */
export const estimateSchema = z.object({
  /** Input rows. */
  rows: count,
  /** Rows per shard. */
  partSize: count,
  shards: count,
  /** The run that is in the output location. */
  existing: z.object({ id: z.string(), state: runStateSchema }).exactOptional(),
  /** Nodes that take work now. Absent if the scheduler has no NATS. */
  nodes: z.object({ drafters: count, verifiers: count }).exactOptional(),
  /** What the figures come from: a complete run with the same models and settings, or costs that verifiers measured. */
  basis: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("run"), run: z.string() }),
    z.object({ kind: z.literal("costs") }),
    z.object({ kind: z.literal("nothing") }),
  ]),
  /** Of the target, per user and in total. */
  callsPerUser: count,
  calls: count,
  /** With the present nodes. */
  seconds: count.exactOptional(),
  expectedAt: time.exactOptional(),
  dueAt: time.exactOptional(),
  cost: cost.exactOptional(),
  /** What the estimate leaves out, as sentences. */
  notes: z.array(z.string()),
});

export type RunEstimate = Readonly<z.infer<typeof estimateSchema>>;

export const redoneSchema = z.object({
  /** Shards that are computed again. */
  shards: count,
  /** Shards of which it is not known who answered them: earlier versions did not note it. */
  unknown: count,
  run: runStatusSchema,
});

export type RedoneRun = Readonly<z.infer<typeof redoneSchema>>;

const prunedRun = z.object({
  id: z.string(),
  state: runStateSchema,
  out: z.string(),
  endedAt: time.exactOptional(),
  /** Input files: copies of the histories. */
  inputs: count,
});

export type PrunedRun = Readonly<z.infer<typeof prunedRun>>;

export const pruneReportSchema = z.object({
  runs: z.array(prunedRun),
  /** Dates of nights. */
  dates: count,
  dryRun: z.boolean(),
  /** Whether the lists of the runs were removed too. */
  lists: z.boolean(),
});

export type PruneReport = Readonly<z.infer<typeof pruneReportSchema>>;

export const runListSchema = z.object({ runs: z.array(runStatusSchema) });
