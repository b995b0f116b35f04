import { z } from "zod";

/** A value that JSON can hold. */
export type JsonValue = z.infer<ReturnType<typeof z.json>>;

/**
 * Everything that determines the result of a run, and nothing that does not (no paths of scratch
 * directories, no thread counts): a run continues only under an equal plan.
 */
export const runPlanSchema = z.strictObject({
  format: z.enum(["parquet", "jsonl"]),
  /** Input rows of a part; the last may have fewer. */
  partSize: z.int().min(1),
  /** The input row that the run begins with. */
  firstRow: z.int().min(0),
  /** Input rows of the whole run; where it is not known, `finish` cannot notice missing ones. */
  inputRows: z.int().min(0).exactOptional(),
  /** What the user asked for. */
  arguments: z.record(z.string(), z.json()),
  /** Hashes of what took part: input, target, draft, catalogue. */
  versions: z.record(z.string(), z.string()),
});

export type RunPlan = z.infer<typeof runPlanSchema>;

/** A plan as it stands in plan.json. */
export const planFileSchema = z.strictObject({ planVersion: z.literal(1), plan: runPlanSchema });

/** One key in which two plans differ; undefined where a plan does not have it. */
export interface PlanDifference {
  readonly key: string;
  readonly before: JsonValue | undefined;
  readonly now: JsonValue | undefined;
}

/** The keys in which plans differ, as dotted paths in order of their names; empty for equal plans. */
export function planDifferences(before: RunPlan, now: RunPlan): PlanDifference[] {
  const old = new Map(leaves("", before));
  const current = new Map(leaves("", now));
  const keys = [...new Set([...old.keys(), ...current.keys()])].toSorted();
  return keys
    .map((key) => ({ key, before: old.get(key), now: current.get(key) }))
    .filter((one) => JSON.stringify(one.before) !== JSON.stringify(one.now));
}

/** Differences for a person: "arguments.topK was 10 and is 20; …". */
export function differencesText(differences: readonly PlanDifference[]): string {
  const show = (value: unknown) => (value === undefined ? "not set" : JSON.stringify(value));
  return differences
    .map((one) => `${one.key} was ${show(one.before)} and is ${show(one.now)}`)
    .join("; ");
}

/** Values that are no objects, each with its path; an empty object counts as one. */
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

/** The parts of a plan, or undefined where its number of input rows is not known. */
export function partCount(plan: RunPlan): number | undefined {
  return plan.inputRows === undefined ? undefined : Math.ceil(plan.inputRows / plan.partSize);
}

/** Input rows that the plan gives a part: at most so many where the end is not known, 0 beyond it. */
export function plannedRows(plan: RunPlan, index: number): number {
  const { partSize, inputRows } = plan;
  if (!Number.isSafeInteger(index) || index < 0) return 0;
  if (inputRows === undefined) return partSize;
  return Math.max(0, Math.min(partSize, inputRows - index * partSize));
}

/**
 * The plan with the drafts of another. A run may go on with other drafts, or none, as no list
 * depends on them; its plan goes on naming those that it was begun with.
 */
export function withDraftsOf(plan: RunPlan, standing: RunPlan): RunPlan {
  const others = Object.entries(plan.versions).filter((entry) => !isDraft(entry));
  const drafts = Object.entries(standing.versions).filter(isDraft);
  return { ...plan, versions: Object.fromEntries([...others, ...drafts]) };
}

/** `draft`, or `draft2` and so on where there are several. */
function isDraft([name]: [string, string]): boolean {
  return /^draft\d*$/.test(name);
}
