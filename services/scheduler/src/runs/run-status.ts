import type { Drift, PublicationStatus, RunStatus } from "@nightbeam/api";
import { DEFAULT_PRIORITY, type JobQueues, movingShards, shardJobId } from "@nightbeam/queue";
import { type ReuseNote, sumStats } from "@nightbeam/run";
import { z } from "zod";
import type { RunView } from "./run-view.js";

/** The progress that a drafter reports for a shard. */
const progressSchema = z.object({
  /** Input rows that are done. */
  users: z.number().min(0),
  searches: z.number().min(0),
  calls: z.number().min(0),
  nodes: z.number().min(0),
});

const NO_PROGRESS = { users: 0, searches: 0, calls: 0, nodes: 0 };

/** A shard that a drafter has. */
export interface ActiveShard extends z.output<typeof progressSchema> {
  readonly index: number;
  /** The name of the drafter, if it is known. */
  readonly node: string | undefined;
  /** When it took the shard, in epoch milliseconds. */
  readonly startedAt: number | undefined;
}

/** The progress of a run in Redis; unknown without Redis. */
export interface LiveFigures {
  readonly active: readonly ActiveShard[];
  /** Shards that failed, and are tried again later. */
  readonly delayed: readonly number[];
  readonly setAside: readonly number[];
}

export const NOTHING_LIVE: LiveFigures = { active: [], delayed: [], setAside: [] };

/** Reads the states of the missing shards' jobs, and the progress of the active ones. */
export async function liveFigures(queues: JobQueues, view: RunView): Promise<LiveFigures> {
  const { runId } = view.record;
  const { committed } = view.standing;
  const isMissing = (index: number) => index < view.standing.shards && !committed.has(index);
  const { active, delayed, failed } = await movingShards(queues, runId);
  return {
    active: await Promise.all(
      active.filter(isMissing).map((index) => activeShard(queues, { runId, index })),
    ),
    delayed: delayed.filter(isMissing),
    setAside: failed.filter(isMissing),
  };
}

async function activeShard(
  { shards }: JobQueues,
  { runId, index }: { readonly runId: string; readonly index: number },
): Promise<ActiveShard> {
  const job = await shards.getJob(shardJobId(runId, index));
  const progress = progressSchema.safeParse(job?.progress).data ?? NO_PROGRESS;
  return { index, node: job?.processedBy, startedAt: job?.processedOn, ...progress };
}

export interface StatusOptions {
  readonly live: LiveFigures;
  /** Rows read so far, if this process is planning the run. */
  readonly read: number | undefined;
  /** Why it stands still, planning is delayed, or no verifier can answer. */
  readonly waitsFor: string | undefined;
  /** When it is tried again, if it is partial. */
  readonly retry: string | undefined;
  /** When it will be complete at its present rate. */
  readonly expectedAt: string | undefined;
  /** Against the night before, if that is known. */
  readonly drift: Drift | undefined;
  /** Undefined if it is not to be published. */
  readonly publication: PublicationStatus | undefined;
}

/** The status of a run for clients. */
export function runStatus(
  view: RunView,
  { live, read, waitsFor, retry, expectedAt, drift, publication }: StatusOptions,
): RunStatus {
  const { record, standing, commits, manifest, reuse, candidates, state, setAside } = view;
  const isPlanned = standing.plan !== undefined;
  const stats = manifest?.stats ?? sumStats(commits);
  const reason = view.state === "refused" ? view.refusal?.reason : (waitsFor ?? retry);
  const cost = manifest === undefined ? view.output.costOf(commits) : manifest.cost;
  const setAsideCount = state === "partial" ? setAside.length : live.setAside.length;
  const progress = (name: keyof typeof NO_PROGRESS) => sumOf(live.active, (one) => one[name]);
  return {
    id: record.runId,
    state,
    ...(reason === undefined ? {} : { reason }),
    out: record.out,
    ...(record.night === undefined ? {} : { night: record.night }),
    priority: record.priority ?? DEFAULT_PRIORITY,
    ...(standing.paused === undefined || view.endedAt !== undefined
      ? {}
      : { pausedAt: standing.paused.pausedAt }),
    submittedAt: record.submittedAt,
    ...(record.dueAt === undefined ? {} : { dueAt: record.dueAt }),
    ...(retry === undefined || record.retryUntil === undefined
      ? {}
      : { retryUntil: record.retryUntil }),
    ...(expectedAt === undefined ? {} : { expectedAt }),
    ...(view.endedAt === undefined ? {} : { endedAt: view.endedAt }),
    users: {
      ...(isPlanned ? { total: standing.rows } : {}),
      ...(read === undefined ? {} : { read }),
      done: sumOf(commits, ({ rowCount }) => rowCount),
      underWay: progress("users"),
    },
    ...(isPlanned
      ? {
          shards: {
            total: standing.shards,
            done: commits.length,
            active: live.active.length,
            waiting: Math.max(0, view.missing.length - live.active.length - setAsideCount),
            setAside: setAsideCount,
          },
        }
      : {}),
    stats,
    ...(reuse === undefined ? {} : { reuse: { run: reuse.run, ...refusedOf(reuse) } }),
    ...(candidates === undefined ? {} : { candidates }),
    ...(cost === undefined ? {} : { cost }),
    ...(drift === undefined ? {} : { drift }),
    ...(publication === undefined ? {} : { publication }),
    calls: {
      calls: (stats.targetCalls ?? 0) + progress("calls"),
      searches: (stats.searches ?? 0) + progress("searches"),
    },
    setAside: setAside.map(({ index, firstRow, rows, cause }) => {
      return { index, firstRow, rowCount: rows, reason: cause };
    }),
    rejected: manifest?.rejected ?? sumOf(commits, ({ rejected }) => rejected),
  };
}

function refusedOf(reuse: ReuseNote): { readonly refused?: string } {
  return "refused" in reuse ? { refused: reuse.refused } : {};
}

function sumOf<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((sum, one) => sum + of(one), 0);
}
