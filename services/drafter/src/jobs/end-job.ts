import type { ShardJobData } from "@nightbeam/queue";
import { type Clock, within } from "@nightbeam/service";
import { type Log, reasonOf } from "@nightbeam/service/log";
import { DelayedError, UnrecoverableError } from "bullmq";
import type { Verdict } from "../standing/verdict.js";
import type { Fate } from "./fate.js";
import type { ShardJob } from "./queue-connection.js";

export interface EndJobOptions {
  readonly job: ShardJob;
  readonly token: string;
  readonly error: unknown;
  readonly fate: Fate;
  /** What becomes of a shard that failed. */
  readonly verdict: Verdict | undefined;
  /** Delay of a job that is put off. */
  readonly putOffMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Timeout of a command, so that a silent Redis does not block the end of a job. */
const HAND_BACK_MS = 2_000;
/** Delay of a job that was not taken, so that other drafters see it first. */
const REFUSED_MS = 1_000;

/**
 * Ends the job of a shard that was not done: leaves it, moves it back, fails it or removes it.
 *
 * @returns the error to throw to BullMQ, which decides what it does with the job
 */
export async function endJob(options: EndJobOptions): Promise<Error> {
  const { job, error, fate, verdict, putOffMs, log } = options;
  const level = fate.kind === "refused" ? "debug" : "info";
  if (fate.kind !== "failed") log[level]({ jobId: job.id, fate: fate.kind }, "a job ends");
  switch (fate.kind) {
    case "failed":
      return endFailed(options, verdict);
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
    case "refused":
      await moveBack(options, REFUSED_MS);
      break;
    case "put-off":
      await moveBack(options, putOffMs);
      break;
    default:
      return fate satisfies never;
  }
  return new DelayedError();
}

async function endFailed(options: EndJobOptions, verdict: Verdict | undefined): Promise<Error> {
  const { job, error, log } = options;
  if (verdict === undefined) return new UnrecoverableError(messageOf(error));
  if (verdict.kind === "final") {
    log.error({ jobId: job.id, reason: verdict.message }, "a shard is set aside");
    return new UnrecoverableError(verdict.message);
  }
  const { delayMs, failures } = verdict;
  log.info({ jobId: job.id, delayMs }, "a shard will be tried again");
  if (failures.length > 0) {
    // With the fields of a newer version, if there are any.
    const data: ShardJobData = { ...job.data, failures: [...failures] };
    await attempt(job.updateData(data), { what: "note the failure of a shard", ...options });
  }
  await moveBack(options, delayMs);
  return new DelayedError();
}

async function moveBack(options: EndJobOptions, waitMs: number): Promise<void> {
  const { job, token } = options;
  const moved = job.moveToDelayed(Date.now() + waitMs, token);
  await attempt(moved, { what: "put a shard back into the queue", ...options });
}

async function attempt(
  command: Promise<unknown>,
  { what, job, clock, log }: EndJobOptions & { readonly what: string },
): Promise<void> {
  const done = command.catch((error: unknown) => {
    log.warn({ jobId: job.id, reason: reasonOf(error) }, `could not ${what}`);
  });
  await within(done, { ms: HAND_BACK_MS, clock });
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

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : reasonOf(error);
}
