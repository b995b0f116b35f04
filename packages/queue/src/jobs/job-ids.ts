import { z } from "zod";
import { QueueError } from "../errors.js";

/** Letters, digits, dots, dashes, underscores. BullMQ separates the parts of its keys by colons. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** BullMQ numbers jobs that are added without an id. */
const DIGITS = /^\d+$/;

export const runIdSchema = z.string().refine(isName, {
  error:
    "must begin with a letter or digit, have at most 100 letters, digits, dots, dashes and " +
    "underscores, and not be a number",
});

/** @throws QueueError BAD_JOB if `runId` cannot be part of job ids */
export function assertRunId(runId: string): void {
  if (isName(runId)) return;
  throw new QueueError(
    "BAD_JOB",
    `"${runId}" is not a valid run id: use a letter or digit, then at most 99 letters, digits, dots, ` +
      'dashes and underscores, and not digits alone. For example "night-2026-11-03".',
  );
}

function isName(text: string): boolean {
  return NAME.test(text) && !DIGITS.test(text);
}

/** The id of a shard's job: `night-2026-11-03-s00007`. @throws QueueError BAD_JOB */
export function shardJobId(runId: string, index: number): string {
  assertRunId(runId);
  return `${runId}-s${String(index).padStart(5, "0")}`;
}

/** The index of the shard of a job, or undefined if it is not a shard job of this run. */
export function shardOfJobId(runId: string, jobId: string): number | undefined {
  const start = `${runId}-s`;
  if (!jobId.startsWith(start)) return undefined;
  const digits = jobId.slice(start.length);
  return /^\d{5,}$/.test(digits) ? Number(digits) : undefined;
}

/** The id of the job that finishes a run. @throws QueueError BAD_JOB */
export function finishJobId(runId: string): string {
  assertRunId(runId);
  return `${runId}-finish`;
}
