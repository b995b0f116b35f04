import type { Clock } from "@nightbeam/service";
import { type Log, reasonOf } from "@nightbeam/service/log";
import { DelayedError, UnrecoverableError } from "bullmq";
import { fateOf } from "./fate.js";
import type { ShardJob } from "./queue-connection.js";
import { within } from "./within.js";

export interface EndJobOptions {
  readonly job: ShardJob;
  readonly token: string;
  readonly error: unknown;
  /** How long a job waits that is put off. */
  readonly putOffMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** A command that Redis does not answer must not hold up the end of a job. */
const HAND_BACK_MS = 2_000;

/**
 * Sees to it that a job whose shard was not done ends as it must.
 *
 * @returns the error by which BullMQ knows what to do
 */
export async function endJob(options: EndJobOptions): Promise<Error> {
  const { job, error, putOffMs, log } = options;
  const fate = fateOf(error);
  log.debug({ jobId: job.id, fate, reason: reasonOf(error) }, "a job ends");
  switch (fate) {
    case "failed":
      return error instanceof Error ? error : new Error(reasonOf(error));
    case "poison":
      return new UnrecoverableError(messageOf(error));
    case "removed":
      void removeSoon(options);
      return new UnrecoverableError(messageOf(error));
    case "left":
      break;
    case "handed-back":
      await moveBack(options, 0);
      break;
    case "put-off":
      await moveBack(options, putOffMs);
      break;
    default:
      return fate satisfies never;
  }
  return new DelayedError();
}

async function moveBack({ job, token, clock, log }: EndJobOptions, waitMs: number): Promise<void> {
  const moved = job.moveToDelayed(Date.now() + waitMs, token).catch((error: unknown) => {
    log.warn({ jobId: job.id, reason: reasonOf(error) }, "a shard could not be put back");
  });
  await within(moved, { ms: HAND_BACK_MS, clock });
}

/** A cancelled run has no more jobs: those under way go too, as soon as they have failed. */
async function removeSoon({ job, clock }: EndJobOptions): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    await new Promise<void>((resolve) => clock.after(50, resolve));
    const removed = await job.remove().then(
      () => true,
      () => false,
    );
    if (removed) return;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : reasonOf(error);
}
