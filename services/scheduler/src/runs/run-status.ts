import type { Drift, RunStatus } from "@nightbeam/api";
import {
  DEFAULT_PRIORITY,
  type JobQueues,
  type RunJobs,
  runJobs,
  shardJobId,
} from "@nightbeam/queue";
import { sumStats } from "@nightbeam/run";
import { z } from "zod";
import type { RunView } from "./run-view.js";

/** The progress that a drafter reports for a shard. */
const progressSchema = z.object({
  /** Input rows that are done. */
  users: z.number().min(0),
  searches: z.number().min(0),
  calls: z.number().min(0),
});

/** The progress of a run in Redis; unknown without Redis. */
export interface LiveFigures {
  readonly active: number;
  readonly setAside: number;
  readonly users: number;
  readonly searches: number;
  readonly calls: number;
}

export const NOTHING_LIVE: LiveFigures = {
  active: 0,
  setAside: 0,
  users: 0,
  searches: 0,
  calls: 0,
};

/** Reads the states of the missing shards' jobs, and the progress of the active ones. */
export async function liveFigures(queues: JobQueues, view: RunView): Promise<LiveFigures> {
  const { runId } = view.record;
  const shards = view.missing.map(({ index }) => index);
  const jobs: RunJobs = await runJobs(queues, { runId, shards });
  const active = jobs.shards.filter(({ state }) => state === "active");
  const progress = await Promise.all(
    active.map(async ({ index }) => {
      const job = await queues.shards.getJob(shardJobId(runId, index));
      return progressSchema.safeParse(job?.progress).data;
    }),
  );
  const sum = (name: keyof z.output<typeof progressSchema>) =>
    progress.reduce((total, one) => total + (one?.[name] ?? 0), 0);
  return {
    active: jobs.counts.active,
    setAside: jobs.counts.failed,
    users: sum("users"),
    searches: sum("searches"),
    calls: sum("calls"),
  };
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
}

/** The status of a run for clients. */
export function runStatus(
  view: RunView,
  { live, read, waitsFor, retry, expectedAt, drift }: StatusOptions,
): RunStatus {
  const { record, standing, commits, manifest, state, setAside } = view;
  const isPlanned = standing.plan !== undefined;
  const stats = manifest?.stats ?? sumStats(commits);
  const reason = view.state === "refused" ? view.refusal?.reason : (waitsFor ?? retry);
  const cost = manifest === undefined ? view.output.costOf(commits) : manifest.cost;
  const setAsideCount = state === "partial" ? setAside.length : live.setAside;
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
      underWay: live.users,
    },
    ...(isPlanned
      ? {
          shards: {
            total: standing.shards,
            done: commits.length,
            active: live.active,
            waiting: Math.max(0, view.missing.length - live.active - setAsideCount),
            setAside: setAsideCount,
          },
        }
      : {}),
    stats,
    ...(cost === undefined ? {} : { cost }),
    ...(drift === undefined ? {} : { drift }),
    calls: {
      calls: (stats.targetCalls ?? 0) + live.calls,
      searches: (stats.searches ?? 0) + live.searches,
    },
    setAside: setAside.map(({ index, firstRow, rows, cause }) => {
      return { index, firstRow, rowCount: rows, reason: cause };
    }),
    rejected: manifest?.rejected ?? sumOf(commits, ({ rejected }) => rejected),
  };
}

function sumOf<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((sum, one) => sum + of(one), 0);
}
