import type { PruneBody, PrunedRun, PruneReport, RunStatus } from "@nightbeam/api";
import { forgetRun } from "@nightbeam/queue";
import type { DriftDesk } from "../drift/drift-desk.js";
import { SchedulerError } from "../errors.js";
import type { PublicationDesk } from "../publications/publication-desk.js";
import type { Documents } from "../state/documents.js";
import type { ReconcileOptions } from "./reconcile-run.js";
import type { Redo } from "./redo-run.js";
import type { RegistrationOptions } from "./register-run.js";
import type { RunRegistry } from "./run-registry.js";
import type { RunView } from "./run-view.js";

export interface PruneOptions
  extends Pick<
    RegistrationOptions,
    "records" | "refusals" | "reopenings" | "openOutput" | "clock"
  > {
  readonly redos: Documents<Redo>;
  readonly drift: Pick<DriftDesk, "remove">;
  readonly publications: Pick<PublicationDesk, "remove">;
  readonly reconcile: Pick<ReconcileOptions, "queues" | "log" | "alarms">;
  /** Removes the dates of nights before a time, except the last of each. @returns their number */
  readonly pruneDates: (options: {
    readonly before: number;
    readonly isDryRun: boolean;
  }) => Promise<number>;
}

const MS = { h: 3_600_000, d: 24 * 3_600_000 } as const;

/** The milliseconds of `14d` or `36h`. @throws SchedulerError BAD_REQUEST */
export function keepMs(keep: string): number {
  const [, count, unit] = /^(\d{1,5})([hd])$/.exec(keep) ?? [];
  if (unit === "h" || unit === "d") return Number(count) * MS[unit];
  throw new SchedulerError("BAD_REQUEST", `--keep ${keep}: write days or hours, as 14d or 36h.`);
}

/**
 * Removes what is left of runs that ended before a time: their jobs and marks in Redis, the copies of their
 * histories, and their records. Their lists stay, unless `lists`. Never a run in progress, nor the last complete one
 * of a night, nor one that cannot be read. May be called again after it was interrupted.
 *
 * @throws SchedulerError BAD_REQUEST; QueueError, StoreError
 */
export async function pruneRuns(
  runs: RunRegistry,
  { keep, dryRun = false, lists = false }: PruneBody,
  options: PruneOptions,
): Promise<PruneReport> {
  const before = options.clock.now() - keepMs(keep);
  const busy = new Set(await options.redos.keys());
  const ended = prunable(await runs.list(), before).filter(({ id }) => !busy.has(id));
  const pruned: PrunedRun[] = [];
  for (const { id, out, state, endedAt } of ended) {
    const output = await options.openOutput(out);
    const inputs = await output.countInputs();
    if (!dryRun) {
      await runs.change(id, async (view) => {
        // It may have been retried meanwhile.
        if (view.endedAt === endedAt) await remove(view, { ...options, lists });
      });
    }
    pruned.push({ id, state, out, ...(endedAt === undefined ? {} : { endedAt }), inputs });
  }
  const dates = await options.pruneDates({ before, isDryRun: dryRun });
  if (!dryRun && pruned.length > 0) {
    options.reconcile.log.info({ runs: pruned.length, dates, lists }, "removed ended runs");
  }
  return { runs: pruned, dates, dryRun, lists };
}

/** The runs that ended before a time, without the last complete one of each night. */
export function prunable(all: readonly RunStatus[], before: number): RunStatus[] {
  const last = new Map<string, RunStatus>();
  for (const run of all) {
    if (run.night === undefined || run.state !== "complete") continue;
    const other = last.get(run.night);
    if (other === undefined || other.submittedAt < run.submittedAt) last.set(run.night, run);
  }
  const kept = new Set([...last.values()].map(({ id }) => id));
  return all.filter(({ id, state, endedAt }) => {
    if (kept.has(id) || endedAt === undefined || state === "unreadable") return false;
    return Date.parse(endedAt) < before;
  });
}

/** The record comes last: until it is gone, the run is found again. */
async function remove(
  { record: { runId }, output, standing }: RunView,
  options: PruneOptions & { readonly lists: boolean },
): Promise<void> {
  const { records, refusals, reopenings, reconcile, lists } = options;
  const shards = Array.from({ length: standing.shards }, (_, index) => index);
  await forgetRun(reconcile.queues, { runId, shards });
  if (lists) await output.removeRun();
  else await output.removeInputs();
  reconcile.alarms.drop(runId);
  await options.drift.remove(runId);
  await options.publications.remove(runId);
  await reopenings.remove(runId);
  await refusals.remove(runId);
  await records.remove(runId);
}
