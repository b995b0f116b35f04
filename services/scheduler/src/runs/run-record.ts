import { z } from "zod";
import { type Submission, submitSchema } from "../api/request.js";

/** What the state store knows of a run: enough to find its place and to plan it anew. */
export const runRecordSchema = z.object({
  runId: z.string(),
  /** The run's place: a directory or s3://bucket/prefix. */
  out: z.string(),
  /** As it was asked for, with `rollout:NAME` where that was written: the same again is the same run. */
  submission: submitSchema,
  /** With the paths that rollouts stood for when the run was registered. It keeps them. */
  request: submitSchema,
  submittedAt: z.iso.datetime(),
  /** The night that started it. */
  night: z.string().exactOptional(),
});

export type RunRecord = Readonly<z.output<typeof runRecordSchema>>;

/** Why a run cannot be planned. */
export const refusalSchema = z.object({
  code: z.string(),
  reason: z.string(),
  at: z.iso.datetime(),
});

/** A run that was cancelled before it was planned is submitted again. */
export const reopeningSchema = z.object({ at: z.iso.datetime() });

/** Whether two submissions ask for the same. */
export function sameSubmission(one: Submission, other: Submission): boolean {
  return differences(one, other) === "";
}

/** The settings in which two submissions differ, for a person. */
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
