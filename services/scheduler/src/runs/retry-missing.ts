import { setTimeout as sleep } from "node:timers/promises";
import { type JobQueues, QueueError, repairRun, restoreRun } from "@nightbeam/queue";
import { patienceOf } from "./run-times.js";
import type { RunView } from "./run-view.js";

/** Retries while a finish job is active, which ends soon. */
const BUSY_TRIES = 50;
const BUSY_MS = 100;

/** Makes jobs for all missing shards of a run, including those that failed permanently. @throws QueueError */
export async function retryMissing(view: RunView, queues: JobQueues): Promise<void> {
  const wanted = { ...jobsOf(view), missing: view.missing, retryFailed: true };
  for (let tries = 0; tries < BUSY_TRIES; tries++) {
    const { outcome } = await repairRun(queues, wanted);
    if (outcome !== "busy") return;
    await sleep(BUSY_MS);
  }
}

/** Lets a planned run that has ended without its lists continue. @throws QueueError, RunError, StoreError */
export async function reopenPlanned(view: RunView, queues: JobQueues): Promise<void> {
  await restoreRun(queues, view.record.runId);
  // The jobs first: otherwise a reconciler could set the failed ones aside again.
  await retryMissing(view, queues);
  await view.output.reopen();
}

/** What the jobs of a run have in common. */
export function jobsOf({ record, output }: Pick<RunView, "record" | "output">) {
  const { runId, priority, trace } = record;
  const { location } = output;
  return { runId, location, dueAt: patienceOf(record), priority, traceparent: trace?.span };
}

/** @throws QueueError REDIS_UNREACHABLE without a connection to Redis */
export function requireRedis({ redis }: Pick<JobQueues, "redis">): void {
  if (redis.status === "ready") return;
  throw new QueueError("REDIS_UNREACHABLE", "cannot reach Redis. Retry when it is available.");
}
