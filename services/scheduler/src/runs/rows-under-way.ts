import type { JobQueues } from "@nightbeam/queue";
import { elapsedMs } from "../clock.js";
import { liveFigures } from "./run-status.js";
import type { RunView } from "./run-view.js";

const LASTS_S = 600;
const EVERY_MS = 2_000;

/** Tells other schedulers how many rows this one has read to plan a run, now and then. Without Redis it does not. */
export function noteRowsRead(
  queues: Pick<JobQueues, "redis" | "prefix">,
): (runId: string, read: number) => void {
  let quietUntil = Number.NEGATIVE_INFINITY;
  return (runId, read) => {
    if (elapsedMs() < quietUntil) return;
    quietUntil = elapsedMs() + EVERY_MS;
    queues.redis.set(keyOf(queues, runId), read, "EX", LASTS_S).catch(() => undefined);
  };
}

/** Rows that are done in the shards in progress, or that some scheduler has read to plan the run. */
export async function rowsUnderWay(queues: JobQueues, view: RunView): Promise<number> {
  if (view.state === "running") {
    const { active } = await liveFigures(queues, view);
    return active.reduce((sum, { users }) => sum + users, 0);
  }
  return Number((await queues.redis.get(keyOf(queues, view.record.runId))) ?? 0);
}

function keyOf({ prefix }: Pick<JobQueues, "prefix">, runId: string): string {
  return `${prefix}:planning:${runId}`;
}
