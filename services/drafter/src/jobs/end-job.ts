import { type Clock, within } from "@nightbeam/service";
import { type Log, reasonOf } from "@nightbeam/service/log";
import { DelayedError, UnrecoverableError } from "bullmq";
import { fateOf } from "./fate.js";
import type { ShardJob } from "./queue-connection.js";

export interface EndJobOptions {
  readonly job: ShardJob;
  readonly token: string;
  readonly error: unknown;
  /** Delay of a job that is put off. */
  readonly putOffMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Timeout of a command, so that a silent Redis does not block the end of a job. */
const HAND_BACK_MS = 2_000;

/**
 * Ends the job of a shard that was not done: leaves it, moves it back, fails it or removes it.
 *
 * @returns the error to throw to BullMQ, which decides what it does with the job
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
    log.warn(
      { jobId: job.id, reason: reasonOf(error) },
      "could not put a shard back into the queue",
    );
  });
  await within(moved, { ms: HAND_BACK_MS, clock });
}

/** Removes the job of a cancelled run as soon as BullMQ has marked it as failed. */
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
