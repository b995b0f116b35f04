import { prioritySchema, type Submission, submitSchema } from "@nightbeam/api";
import { z } from "zod";

/** The record of a run in the state store: its output location and everything to plan it. */
export const runRecordSchema = z.object({
  runId: z.string(),
  /** The output location: a directory or s3://bucket/prefix. */
  out: z.string(),
  /** The submission, including `rollout:NAME`. The same submission again is the same run. */
  submission: submitSchema,
  /** The submission with the paths of its rollouts at the time of registration. */
  request: submitSchema,
  submittedAt: z.iso.datetime(),
  /** The night that started it. */
  night: z.string().exactOptional(),
  /** The last complete run of that night. */
  lastComplete: z.string().exactOptional(),
  /** Default: normal. */
  priority: prioritySchema.exactOptional(),
  /** The name that its lists are published under once it is complete. */
  publish: z.string().exactOptional(),
  /** When it must be complete. */
  dueAt: z.iso.datetime().exactOptional(),
  /** Until when it is tried again if it is partial. */
  retryUntil: z.iso.datetime().exactOptional(),
  /** Traceparents, if the run is traced: of its span, and of that which the span belongs to. */
  trace: z.object({ span: z.string(), parent: z.string() }).exactOptional(),
});

export type RunRecord = Readonly<z.output<typeof runRecordSchema>>;

/** Why a run cannot be planned. */
export const refusalSchema = z.object({
  code: z.string(),
  reason: z.string(),
  at: z.iso.datetime(),
});

/** Marks a run that was cancelled before it was planned, and was submitted again. */
export const reopeningSchema = z.object({ at: z.iso.datetime() });

/** Whether two submissions are the same. */
export function sameSubmission(one: Submission, other: Submission): boolean {
  return differences(one, other) === "";
}

/** Describes the settings in which two submissions differ. Empty if they are the same. */
export function differences(before: Submission, now: Submission): string {
  const old = new Map<string, unknown>(Object.entries(before));
  const current = new Map<string, unknown>(Object.entries(now));
  return [...new Set([...old.keys(), ...current.keys()])]
    .filter((key) => JSON.stringify(old.get(key)) !== JSON.stringify(current.get(key)))
    .map((key) => `\`${key}\` was ${show(old.get(key))} and is ${show(current.get(key))}`)
    .join("; ");
}

function show(value: unknown): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return "not set";
  return Array.isArray(value) ? value.join(",") : String(value);
}
