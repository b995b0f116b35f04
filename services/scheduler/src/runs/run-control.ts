import { holdRun, type RunPriority } from "@nightbeam/queue";
import type { PartRecord } from "@nightbeam/run";
import type { Log } from "@nightbeam/service/log";
import type { RedoRequest } from "../api/request.js";
import type { WallClock } from "../clock.js";
import { SchedulerError } from "../errors.js";
import type { Documents } from "../state/documents.js";
import type { ReconcileOptions } from "./reconcile-run.js";
import type { RunRecord } from "./run-record.js";
import { stateAfter } from "./run-state.js";
import type { RunView } from "./run-view.js";

export interface ControlOptions {
  readonly reconcile: Pick<ReconcileOptions, "queues">;
  readonly records: Pick<Documents<RunRecord>, "put">;
  readonly clock: WallClock;
  readonly log: Log;
}

/**
 * Holds a run back: shards in progress may still be committed, no other is taken. The mark is in the store, so it
 * outlives Redis and the scheduler.
 *
 * @throws SchedulerError RUN_STATE if it is not running
 */
export async function pauseRun(view: RunView, options: ControlOptions): Promise<void> {
  const { record, state, output } = view;
  const { clock, log } = options;
  if (state === "planning") {
    throw new SchedulerError(
      "RUN_STATE",
      "The run is being planned. Pause it when it is running, or cancel it.",
    );
  }
  if (state !== "paused") {
    stateAfter(state, "paused");
    await output.pause(new Date(clock.now()));
    log.info({ runId: record.runId }, "paused a run");
  }
  await hold(view, options);
}

/** Changes which shards are taken first, also of a run in progress. */
export async function setPriority(
  view: RunView,
  priority: RunPriority,
  options: ControlOptions,
): Promise<void> {
  const { record, state } = view;
  if ((record.priority ?? "normal") === priority) return;
  await options.records.put(record.runId, { ...record, priority });
  options.log.info({ runId: record.runId, priority }, "changed the priority of a run");
  // Its waiting jobs are added again with the new one.
  if (state === "running") await hold(view, options);
}

/**
 * Uncommits shards of a planned run, so that they are computed again.
 *
 * @returns the shards
 * @throws SchedulerError RUN_STATE; BAD_REQUEST if none fits
 */
export async function redoRun(
  view: RunView,
  request: RedoRequest,
  { clock, log }: ControlOptions,
): Promise<readonly number[]> {
  const { record, output, state, commits } = view;
  stateAfter(state, "redone");
  const wanted = new Set(request.shards);
  if (request.answeredBy !== undefined) {
    const { answeredBy: verifier, since } = request;
    for (const index of answeredBy(commits, { verifier, since })) wanted.add(index);
  }
  const redone = await output.redo(new Date(clock.now()), [...wanted]);
  if (redone.length === 0) {
    throw new SchedulerError(
      "BAD_REQUEST",
      `No committed shard of the run fits: ${nothing(request)}`,
    );
  }
  log.info({ runId: record.runId, shards: redone }, "shards are done again");
  return redone;
}

/**
 * The shards that a verifier answered calls of since a time. Default: since its last good audit, before which it was
 * honest as far as is known.
 */
export function answeredBy(
  commits: readonly PartRecord[],
  { verifier, since }: { readonly verifier: string; readonly since?: string | undefined },
): readonly number[] {
  const shares = commits.flatMap(({ index, verifiers = [] }) =>
    verifiers.filter(({ name }) => name === verifier).map((share) => ({ ...share, index })),
  );
  const audits = shares.flatMap(({ auditedAt }) => auditedAt ?? []).sort();
  const from = since ?? audits.at(-1) ?? "";
  return shares.filter(({ lastAt }) => lastAt >= from).map(({ index }) => index);
}

function nothing({ shards, answeredBy: verifier, since }: RedoRequest): string {
  if (verifier === undefined) return `shard ${shards?.join(", ")} has no commit yet.`;
  const when = since === undefined ? "since its last good audit" : `since ${since}`;
  return `${verifier} answered none of them ${when}. Check its name in \`nightbeam nodes\`.`;
}

async function hold(view: RunView, { reconcile }: ControlOptions): Promise<void> {
  const shards = view.missing.map(({ index }) => index);
  await holdRun(reconcile.queues, { runId: view.record.runId, shards });
}
