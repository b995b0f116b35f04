import { type PartFormat, partName } from "@nightbeam/dataset";

/** Names inside a run's directory. */
export const PLAN_FILE = "plan.json";
export const MANIFEST_FILE = "manifest.json";
export const REJECTED_FILE = "rejected.jsonl";
export const LOCK_FILE = "run.lock";
export const PARTS_DIRECTORY = "parts";
export const COMMITS_DIRECTORY = "commits";
/** What the names of all commit records begin with. */
export const COMMITS_PREFIX = `${COMMITS_DIRECTORY}/part-`;

/** The part's file, relative to the run's directory. */
export function partFile(index: number, format: PartFormat): string {
  return `${PARTS_DIRECTORY}/${partName(index)}.${format}`;
}

/** The part's rejected rows, relative to the run's directory; for records that name no other file. */
export function partRejectedFile(index: number): string {
  return `${PARTS_DIRECTORY}/${partName(index)}.${REJECTED_FILE}`;
}

/** The part's commit record, relative to the run's directory. */
export function commitFile(index: number): string {
  return `${COMMITS_DIRECTORY}/${partName(index)}.json`;
}

/** The part that a name commits; undefined where the name is no commit record's. */
export function committedIndex(name: string): number | undefined {
  if (!name.startsWith(COMMITS_PREFIX)) return undefined;
  const digits = /^(\d+)\.json$/.exec(name.slice(COMMITS_PREFIX.length))?.[1];
  return digits === undefined ? undefined : Number(digits);
}
