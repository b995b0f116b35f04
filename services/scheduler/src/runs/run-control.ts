import { cancelRun, type RunPriority, restoreRun } from "@nightbeam/queue";
import { reasonOf } from "@nightbeam/service/log";
import { isoTime } from "../clock.js";
import { SchedulerError } from "../errors.js";
import type { Planner } from "./planner.js";
import { pauseJobs, type ReconcileOptions } from "./reconcile-run.js";
import type { RegistrationOptions } from "./register-run.js";
import { requireRedis, retryMissing } from "./retry-missing.js";
import { isPossible, stateAfter } from "./run-state.js";
import type { RunView } from "./run-view.js";

/** What stopping and pausing runs needs. */
export interface ControlOptions extends Pick<RegistrationOptions, "records" | "reopenings"> {
  readonly planner: Pick<Planner, "abort">;
  readonly reconcile: Pick<ReconcileOptions, "queues" | "clock" | "log">;
}

/** Stops a run; committed shards stay. @throws SchedulerError RUN_STATE if it has ended */
export async function cancel(view: RunView, options: ControlOptions): Promise<void> {
  const { reopenings, planner, reconcile } = options;
  const { queues, clock, log } = reconcile;
  const { runId } = view.record;
  const now = clock.now();
  // The store first: Redis may lose its mark, and a reconciler that sees the store's mark leaves the run alone.
  if (view.state !== "cancelled") {
    stateAfter(view.state, "cancelled");
    await view.output.cancel(new Date(now));
    await reopenings.remove(runId);
    log.info({ runId }, "cancelled a run");
  }
  planner.abort(runId);
  const shards = view.missing.map(({ index }) => index);
  await cancelRun(queues, { runId, shards, now });
}

/**
 * Pauses a run: shards in progress are committed, and no other is taken. A run that is being planned is paused as
 * soon as it is planned. Does nothing if it is paused.
 *
 * @throws SchedulerError RUN_STATE if it has ended
 */
export async function pause(view: RunView, { reconcile }: ControlOptions): Promise<void> {
  const { queues, clock, log } = reconcile;
  const { runId } = view.record;
  stateAfter(view.state, "paused");
  if (view.standing.paused === undefined) {
    await view.output.pause(new Date(clock.now()));
    log.info({ runId }, "paused a run");
  }
  // Redis has no mark, so the reconciler does it again if this fails, or if a job was made meanwhile.
  await pauseJobs(view, queues).catch((error: unknown) => {
    log.warn({ runId, reason: reasonOf(error) }, "cannot take back the jobs of a paused run yet");
  });
}

/** Lets a paused run go on. Does nothing if it is not paused. @throws SchedulerError RUN_STATE if it has ended */
export async function unpause(view: RunView, { reconcile }: ControlOptions): Promise<void> {
  const { state, record } = view;
  const { runId } = record;
  if (!isPossible(state, "unpaused")) {
    const remedy =
      state === "complete" ? "" : ` Run \`nightbeam retry ${runId}\` to do its missing shards.`;
    throw new SchedulerError("RUN_STATE", `The run is ${state}, not paused.${remedy}`);
  }
  if (view.standing.paused === undefined) return;
  await view.output.unpause();
  reconcile.log.info({ runId }, "resumed a paused run");
}

/** @throws SchedulerError RUN_STATE unless the run has ended without its lists */
export function assertRetryable({ state, record: { runId } }: RunView): void {
  if (isPossible(state, "resumed")) return;
  const remedy =
    state === "paused"
      ? `Run \`nightbeam resume ${runId}\` to let it go on.`
      : "Only a run that is partial, cancelled or refused can be retried.";
  throw new SchedulerError("RUN_STATE", `The run is ${state}. ${remedy}`);
}

/** What trying a run again needs. */
export interface RetryOptions
  extends Omit<RegistrationOptions, "rollouts" | "openOutput" | "records"> {
  readonly reconcile: Pick<ReconcileOptions, "queues" | "log">;
}

/**
 * Lets a run that has ended without its lists continue: makes jobs for its missing shards, or has it planned.
 *
 * @throws SchedulerError UNREADABLE_INPUT; QueueError, RunError, StoreError
 */
export async function retry(view: RunView, options: RetryOptions): Promise<void> {
  const { refusals, reopenings, check, clock, reconcile } = options;
  const { queues, log } = reconcile;
  const { record, state, output } = view;
  const { runId } = record;
  const isPlanned = view.standing.plan !== undefined;
  if (!isPlanned) await check(record.request);
  log.info({ runId, was: state }, "trying a run again");
  requireRedis(queues);
  await restoreRun(queues, runId);
  if (isPlanned) {
    // The jobs first: otherwise a reconciler could set the failed ones aside again.
    await retryMissing(view, queues);
    await output.reopen();
    return;
  }
  // A run that was cancelled before it was planned keeps that mark until then. This record resumes it.
  if (state === "cancelled") await reopenings.put(runId, { at: isoTime(clock.now()) });
  await refusals.remove(runId);
}

/** Changes the priority of a run, for the shards that no drafter has yet. @throws SchedulerError RUN_STATE if it is complete */
export async function prioritize(
  { state, record }: RunView,
  { priority, records, reconcile }: ControlOptions & { readonly priority: RunPriority },
): Promise<void> {
  if (state === "complete") {
    throw new SchedulerError("RUN_STATE", "The run is complete; its priority changes nothing.");
  }
  if (record.priority === priority) return;
  // The reconciler gives waiting jobs the priority of the record.
  await records.put(record.runId, { ...record, priority });
  reconcile.log.info({ runId: record.runId, priority }, "changed the priority of a run");
}
