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

/** Values that are no objects, each with its path; an empty object counts as one. */
function leaves(path: string, value: JsonValue): [string, JsonValue][] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  const entries: [string, JsonValue][] = Array.isArray(value)
    ? value.map((element, place) => [`${path}[${place}]`, element])
    : Object.entries(value).map(([key, child]) => [path === "" ? key : `${path}.${key}`, child]);
  if (entries.length === 0) return [[path, value]];
  return entries.flatMap(([key, child]) => leaves(key, child));
}
