import { createHash } from "node:crypto";
import { partName } from "@nightbeam/dataset";
import type { RunPlan } from "./plan.js";
import type { PartRecord } from "./records.js";
import { PARTS_DIRECTORY } from "./run-files.js";

/*
 * Names in a run's store, beside those of the dataset package. Inputs and parts bear in their names
 * what they belong to, so that nobody ever writes over a file that counts.
 */
export const REQUEST_FILE = "request.json";
export const CANCELLED_FILE = "cancelled.json";
export const PARTIAL_FILE = "partial.json";
export const INPUTS_PREFIX = "inputs/";
export const PARTS_PREFIX = `${PARTS_DIRECTORY}/`;

/** What a plan's input files have in their names: plans that differ, but for drafts, share none. */
export function inputKey(plan: RunPlan): string {
  const { format, partSize, firstRow } = plan;
  const text = JSON.stringify([
    ...[format, partSize, firstRow],
    sorted(plan.arguments),
    sorted(plan.versions).filter(([name]) => !/^draft\d*$/.test(name)),
  ]);
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

/** `inputs/part-00007.3fa9c1d2e4b5.jsonl` */
export function inputFile(key: string, index: number): string {
  return `${INPUTS_PREFIX}${partName(index)}.${key}.jsonl`;
}

/** `parts/part-00007.a2-91d0b6e4c7f3.parquet` */
export function attemptFile(record: {
  readonly index: number;
  readonly attempt: string;
  readonly format: RunPlan["format"];
}): string {
  return `${PARTS_PREFIX}${partName(record.index)}.${record.attempt}.${record.format}`;
}

/** `parts/part-00007.a2-91d0b6e4c7f3.rejected.jsonl` */
export function attemptRejectedFile({
  index,
  attempt,
}: Pick<PartRecord, "index" | "attempt">): string {
  return `${PARTS_PREFIX}${partName(index)}.${attempt}.rejected.jsonl`;
}

function sorted<Value>(record: Readonly<Record<string, Value>>): [string, Value][] {
  return Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
