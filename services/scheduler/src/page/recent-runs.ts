import type { RunStateName, RunStatus } from "@nightbeam/api";
import { mapAtMost } from "@nightbeam/run";
import { elapsedMs } from "../clock.js";

/** Runs that the page gets at once; the rest is in `GET /v1/runs`. */
const MAX_RUNS = 200;
/** Runs that have ended rarely change, and reading them costs as much as the others. */
const ENDED_LASTS_MS = 30_000;
const READS_AT_ONCE = 8;

const ENDED: ReadonlySet<RunStateName> = new Set([
  "complete",
  "partial",
  "cancelled",
  "refused",
  "unreadable",
]);

/** The runs that the page shows. */
export interface RecentRuns {
  /** The latest first. */
  read(): Promise<readonly RunStatus[]>;
  /** Has all runs be read again, after one was changed. */
  refresh(): void;
}

export interface RunSource {
  /** The ids of all runs. */
  ids(): Promise<readonly string[]>;
  /** Undefined for an unknown run. */
  get(runId: string): Promise<RunStatus | undefined>;
}

interface KnownRun {
  readonly run: RunStatus;
  readonly readAt: number;
}

export function recentRuns(runs: RunSource): RecentRuns {
  const known = new Map<string, KnownRun>();
  return {
    read: async () => {
      const present = new Set(await runs.ids());
      for (const id of known.keys()) if (!present.has(id)) known.delete(id);
      const stale = [...present].filter((id) => !isFresh(known.get(id)));
      await mapAtMost(READS_AT_ONCE, stale, async (id) => {
        const run = await runs.get(id);
        if (run === undefined) known.delete(id);
        else known.set(id, { run, readAt: elapsedMs() });
      });
      return [...known.values()]
        .map(({ run }) => run)
        .sort((a, b) => (a.submittedAt < b.submittedAt ? 1 : -1))
        .slice(0, MAX_RUNS);
    },
    refresh: () => {
      for (const [id, { run }] of known) known.set(id, { run, readAt: Number.NEGATIVE_INFINITY });
    },
  };
}

function isFresh(known: KnownRun | undefined): boolean {
  if (known === undefined || !ENDED.has(known.run.state)) return false;
  return known.run.retryUntil === undefined && elapsedMs() - known.readAt < ENDED_LASTS_MS;
}
