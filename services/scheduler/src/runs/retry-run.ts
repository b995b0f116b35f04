import { restoreRun } from "@nightbeam/queue";
import { isoTime } from "../clock.js";
import type { ReconcileOptions } from "./reconcile-run.js";
import type { RegistrationOptions } from "./register-run.js";
import { reopenPlanned, requireRedis } from "./retry-missing.js";
import type { RunView } from "./run-view.js";

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
export async function retryRun(view: RunView, options: RetryOptions): Promise<void> {
  const { refusals, reopenings, check, clock, reconcile } = options;
  const { queues, log } = reconcile;
  const { record, state } = view;
  const { runId } = record;
  const isPlanned = view.standing.plan !== undefined;
  if (!isPlanned) await check(record.request);
  log.info({ runId, was: state }, "trying a run again");
  requireRedis(queues);
  if (isPlanned) {
    await reopenPlanned(view, queues);
    return;
  }
  await restoreRun(queues, runId);
  // A run that was cancelled before it was planned keeps that mark until then. This record resumes it.
  if (state === "cancelled") await reopenings.put(runId, { at: isoTime(clock.now()) });
  await refusals.remove(runId);
}
