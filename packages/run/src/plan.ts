import { excerpt } from "@nightbeam/catalogue";
import { z } from "zod";
import { originSchema } from "./records/origin.js";

/** A value that JSON can represent. */
export type JsonValue = z.infer<ReturnType<typeof z.json>>;

/** More files than any file system takes well; a number beyond it is no plan of ours. */
const MAX_PARTS = 10_000_000;

/**
 * Everything that determines the result of a run, and nothing else (no scratch directories, no thread
 * counts). A run can only be continued under an equal plan.
 */
export const runPlanSchema = z
  .strictObject({
    format: z.enum(["parquet", "jsonl"]),
    /** Default: nested. */
    layout: z.literal("flat").exactOptional(),
    /** Input rows per part; the last part may have fewer. */
    partSize: z.int().min(1),
    /** The first input row of the run. */
    firstRow: z.int().min(0),
    /** Input rows of the whole run. If undefined, `finish` cannot notice missing rows at the end. */
    inputRows: z.int().min(0).exactOptional(),
    /** The user's arguments. */
    arguments: z.record(z.string(), z.json()),
    /** Hashes of the inputs: histories, target, drafts, catalogue. */
    versions: z.record(z.string(), z.string()),
  })
  .refine(({ inputRows = 0, partSize }) => inputRows / partSize <= MAX_PARTS, {
    error: `it has more than ${MAX_PARTS} parts`,
    path: ["inputRows"],
  });

export type RunPlan = z.infer<typeof runPlanSchema>;

/** The content of plan.json. */
export const planFileSchema = z.strictObject({
  planVersion: z.literal(1),
  plan: runPlanSchema,
  /** Runs of earlier versions have none. */
  origin: originSchema.exactOptional(),
});

/** A key in which two plans differ; a value is undefined if its plan lacks the key. */
export interface PlanDifference {
  readonly key: string;
  readonly before: JsonValue | undefined;
  readonly now: JsonValue | undefined;
}

/** The keys in which two plans differ, as sorted dotted paths; empty for equal plans. */
export function planDifferences(before: RunPlan, now: RunPlan): PlanDifference[] {
  const old = new Map(leaves("", before));
  const current = new Map(leaves("", now));
  const keys = [...new Set([...old.keys(), ...current.keys()])].toSorted();
  return keys
    .map((key) => ({ key, before: old.get(key), now: current.get(key) }))
    .filter((one) => JSON.stringify(one.before) !== JSON.stringify(one.now));
}

/** Differences as text: "arguments.topK was 10 and is 20; …". */
export function differencesText(differences: readonly PlanDifference[]): string {
  const show = (value: unknown) => (value === undefined ? "not set" : excerpt(value));
  return differences
    .map((one) => `${one.key} was ${show(one.before)} and is ${show(one.now)}`)
    .join("; ");
}

/** All values that are not objects, each with its path; an empty object counts as a value. */
function leaves(path: string, value: JsonValue): [string, JsonValue][] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  const entries: [string, JsonValue][] = Array.isArray(value)
    ? value.map((element, place) => [`${path}[${place}]`, element])
    : Object.entries(value).map(([key, child]) => [path === "" ? key : `${path}.${key}`, child]);
  if (entries.length === 0) return [[path, value]];
  return entries.flatMap(([key, child]) => leaves(key, child));
}

/** The first input row of a part. */
export function firstRowOf(plan: RunPlan, index: number): number {
  return plan.firstRow + index * plan.partSize;
}

/** The number of parts, or undefined if the number of input rows is not known. */
export function partCount(plan: RunPlan): number | undefined {
  return plan.inputRows === undefined ? undefined : Math.ceil(plan.inputRows / plan.partSize);
}

/** The input rows of a part: 0 beyond the end, and an upper limit if the end is not known. */
export function plannedRows(plan: RunPlan, index: number): number {
  const { partSize, inputRows } = plan;
  if (!Number.isSafeInteger(index) || index < 0) return 0;
  if (inputRows === undefined) return partSize;
  return Math.max(0, Math.min(partSize, inputRows - index * partSize));
}

/**
 * The plan with the drafts of an existing one. A run may continue with other drafts, or none, because
 * no list depends on them; its plan keeps the drafts that it was started with.
 */
export function withDraftsOf(plan: RunPlan, existing: RunPlan): RunPlan {
  const others = Object.entries(plan.versions).filter(([name]) => !isDraftVersion(name));
  const drafts = Object.entries(existing.versions).filter(([name]) => isDraftVersion(name));
  return { ...plan, versions: Object.fromEntries([...others, ...drafts]) };
}

/** Whether an entry of `versions` names a draft: `draft`, `draft2`, … See `draftVersion` in settings. */
export function isDraftVersion(name: string): boolean {
  return /^draft\d*$/.test(name);
}
