import type { SearchRecord } from "@nightbeam/run";
import { z } from "zod";

const count = z.number().min(0);
const time = z.iso.datetime();

/** What a login or a token may do; each role may do what those before it may. */
const roleSchema = z.enum(["read", "submit", "admin"]);

export type RoleName = z.infer<typeof roleSchema>;

export const loginSchema = z.strictObject({ token: z.string().max(1_000) });

/** Who sends the request, and what the scheduler is. */
export const sessionSchema = z.object({
  /** Null without a valid login. */
  role: roleSchema.nullable(),
  version: z.string().exactOptional(),
  /** The name of the cluster, if it is not the default. */
  namespace: z.string().exactOptional(),
});

export type Session = Readonly<z.infer<typeof sessionSchema>>;

export const shardMapSchema = z.object({
  /** Shards of the run; 0 until it is planned. */
  total: count,
  /** Input rows per shard; the last one may have fewer. */
  partSize: count,
  /**
   * The state of each shard in order, run-length encoded: a letter of `SHARD_STATES` and a number. `c120a2w878`: 120
   * committed, 2 active, 878 waiting.
   */
  states: z.string(),
  active: z.array(
    z.object({
      index: count,
      /** The drafter. */
      node: z.string().exactOptional(),
      /** Input rows that are done. */
      users: count,
      startedAt: time.exactOptional(),
    }),
  ),
});

export type ShardMap = Readonly<z.infer<typeof shardMapSchema>>;

export const shardDetailSchema = z.object({
  index: count,
  state: z.enum(["waiting", "active", "retrying", "committed", "set-aside"]),
  firstRow: count,
  /** Input rows. */
  rows: count,
  /** How often a drafter has started it. Absent if Redis does not know it any more. */
  attempts: count.exactOptional(),
  /** The drafter that has it, or had it last. */
  node: z.string().exactOptional(),
  startedAt: time.exactOptional(),
  endedAt: time.exactOptional(),
  /** Why it was set aside, or why the last try failed. */
  reason: z.string().exactOptional(),
  failures: z.array(
    z.object({
      node: z.string(),
      /** What is at fault: the shard, the node or its version. */
      blame: z.string(),
      reason: z.string(),
      times: count,
      at: time,
    }),
  ),
  /** Input rows that are done, while a drafter has it. */
  users: count.exactOptional(),
  logs: z.array(z.string()),
  /** Of its commit record. */
  commit: z
    .object({
      file: z.string(),
      bytes: count,
      /** Lists. */
      rows: count,
      rejected: count,
      stats: z.record(z.string(), z.number()),
      draftWidths: z.array(count).exactOptional(),
      verifiers: z.array(
        z.object({ name: z.string(), calls: count, audited: count, firstAt: time, lastAt: time }),
      ),
    })
    .exactOptional(),
});

export type ShardDetail = Readonly<z.infer<typeof shardDetailSchema>>;

/** The figures of a run over time, in steps of the same length. Arrays have one value per step. */
export const runSeriesSchema = z.object({
  /** The start of the first step. */
  from: time,
  stepSeconds: count,
  usersPerSecond: z.array(count),
  /** Null for steps without a search. */
  callsPerUser: z.array(count.nullable()),
  nodesPerUser: z.array(count.nullable()),
  /** By drafter. Shards of which it is not known count for "unknown". */
  nodes: z.array(z.object({ node: z.string(), usersPerSecond: z.array(count) })),
  /** Committed shards without a time, from earlier versions. They are left out. */
  untimed: count,
  /** The draft widths per level that shards were decoded with: the usual ones first. */
  draftWidths: z.array(z.object({ widths: z.array(count), shards: count })),
});

export type RunSeries = Readonly<z.infer<typeof runSeriesSchema>>;

export const rejectsSchema = z.object({
  total: count,
  /** Whether all of them were read; else the counts by reason are of a part. */
  isComplete: z.boolean(),
  /** By reason, the most frequent first. */
  reasons: z.array(
    z.object({
      reason: z.string(),
      count,
      /** Some of them. */
      samples: z.array(
        z.object({ row: count, user: z.string().exactOptional(), detail: z.string() }),
      ),
    }),
  ),
});

export type Rejects = Readonly<z.infer<typeof rejectsSchema>>;

/** What a run says about one user. */
export interface UserAnswer {
  readonly user: string;
  /** The shard that has the list. */
  readonly shard: number;
  /** The items of the user's row, oldest first. Absent if they cannot be read any more. */
  readonly history?: readonly string[];
  readonly list: readonly { readonly item: string; readonly score: number }[];
  /** How the user's search went. Absent if it was not recorded. */
  readonly search?: SearchRecord;
  /** What the items above are called, if the scheduler has a file of titles. */
  readonly titles: Readonly<Record<string, string>>;
}
