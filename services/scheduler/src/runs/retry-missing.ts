import { setTimeout as sleep } from "node:timers/promises";
import { type JobQueues, QueueError, repairRun } from "@nightbeam/queue";
import type { RunView } from "./run-view.js";

/** A finish job that is at work ends soon. */
const BUSY_TRIES = 50;
const BUSY_MS = 100;

/** Makes jobs for all that a run lacks, also for what failed for good. @throws QueueError */
export async function retryMissing(view: RunView, queues: JobQueues): Promise<void> {
  const { record, out, missing } = view;
  const wanted = { runId: record.runId, location: out.location, missing, retryFailed: true };
  for (let tries = 0; tries < BUSY_TRIES; tries++) {
    const { outcome } = await repairRun(queues, wanted);
    if (outcome !== "busy") return;
    await sleep(BUSY_MS);
  }
}

/** @throws QueueError REDIS_UNREACHABLE where a command would fail for that */
export function requireRedis({ redis }: Pick<JobQueues, "redis">): void {
  if (redis.status === "ready") return;
  throw new QueueError("REDIS_UNREACHABLE", "Redis is away. Do the same again when it is back.");
}
