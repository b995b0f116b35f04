import { createHash } from "node:crypto";
import { type PartFormat, partName } from "@nightbeam/dataset";
import { isDraftVersion, type RunPlan } from "../plan.js";

/*
 * The names of a run's files, relative to its directory or store. In a cluster, inputs and parts have
 * in their names what they belong to, so no process ever overwrites a file that counts.
 */
export const PLAN_FILE = "plan.json";
export const MANIFEST_FILE = "manifest.json";
export const REJECTED_FILE = "rejected.jsonl";
export const REQUEST_FILE = "request.json";
export const CANCELLED_FILE = "cancelled.json";
export const PAUSED_FILE = "paused.json";
export const PARTIAL_FILE = "partial.json";
export const LOCK_FILE = "run.lock";
export const PARTS_DIRECTORY = "parts";
export const COMMITS_DIRECTORY = "commits";
export const PARTS_PREFIX = `${PARTS_DIRECTORY}/`;
export const REJECTED_DIRECTORY = "rejected";
export const REJECTED_PREFIX = `${REJECTED_DIRECTORY}/`;
export const SEARCHES_DIRECTORY = "searches";
export const SEARCHES_PREFIX = `${SEARCHES_DIRECTORY}/`;
export const ANSWERS_DIRECTORY = "answers";
export const ANSWERS_PREFIX = `${ANSWERS_DIRECTORY}/`;
/** The searched catalogue's trie, which the run's answers are compared by later. */
export const KEPT_TRIE_FILE = `${ANSWERS_PREFIX}catalogue.trie.gz`;
export const INPUTS_PREFIX = "inputs/";
/** From which run lists are taken. */
export const REUSE_FILE = "reuse.json";
/** The start of the names of all commit records. */
export const COMMITS_PREFIX = `${COMMITS_DIRECTORY}/part-`;

/** What a part's files are named after; `attempt` only in a cluster. */
export interface PartNames {
  readonly index: number;
  readonly attempt?: string | undefined;
}

/** `parts/part-00007.parquet`; of an attempt, `parts/part-00007.a2-91d0b6e4c7f3.parquet`. */
export function partFile(part: PartNames, format: PartFormat): string {
  return `${PARTS_PREFIX}${stemOf(part)}.${format}`;
}

/**
 * `rejected/part-00007.jsonl`; of an attempt, `rejected/part-00007.a2-91d0b6e4c7f3.jsonl`. Not in `parts/`, because
 * pandas, Polars and Spark read that folder as one table.
 */
export function partRejectedFile(part: PartNames): string {
  return `${REJECTED_PREFIX}${stemOf(part)}.jsonl`;
}

/** The search records of a part: `searches/part-00007.jsonl.gz`; of an attempt, with its name before the ending. */
export function partSearchesFile(part: PartNames): string {
  return `${SEARCHES_PREFIX}${stemOf(part)}.jsonl.gz`;
}

/** The answers of a part: `answers/part-00007.answers.gz`; of an attempt, with its name before the ending. */
export function partAnswersFile(part: PartNames): string {
  return `${ANSWERS_PREFIX}${stemOf(part)}.answers.gz`;
}

/** Where the rejected rows of a record without `rejectedFile` are: such records were written by earlier versions. */
export function formerRejectedFile(index: number): string {
  return `${PARTS_PREFIX}${partName(index)}.${REJECTED_FILE}`;
}

function stemOf({ index, attempt }: PartNames): string {
  return attempt === undefined ? partName(index) : `${partName(index)}.${attempt}`;
}

/** The commit record of a part: `commits/part-00007.json`. */
export function commitFile(index: number): string {
  return `${COMMITS_DIRECTORY}/${partName(index)}.json`;
}

/** The part that a commit record of this name commits; undefined for other names. */
export function committedIndex(name: string): number | undefined {
  if (!name.startsWith(COMMITS_PREFIX)) return undefined;
  const digits = /^(\d+)\.json$/.exec(name.slice(COMMITS_PREFIX.length))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** What the input files of a plan have in their names; plans share it only if they differ in drafts alone. */
export function inputKey(plan: RunPlan): string {
  const { format, partSize, firstRow } = plan;
  const text = JSON.stringify([
    ...[format, partSize, firstRow],
    sorted(plan.arguments),
    sorted(plan.versions).filter(([name]) => !isDraftVersion(name)),
  ]);
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

/** `inputs/part-00007.3fa9c1d2e4b5.jsonl` */
export function inputFile(key: string, index: number): string {
  return `${INPUTS_PREFIX}${partName(index)}.${key}.jsonl`;
}

/** `inputs/part-00007.3fa9c1d2e4b5.candidates.jsonl.gz`: what is proposed for a shard's users. */
export function inputCandidatesFile(key: string, index: number): string {
  return `${INPUTS_PREFIX}${partName(index)}.${key}.candidates.jsonl.gz`;
}

/** `inputs/part-00007.77ab01c2d3e4.answers.gz`: what a shard's users may take from the run of this id. */
export function inputAnswersFile(reuse: string, index: number): string {
  return `${INPUTS_PREFIX}${partName(index)}.${reuse}.answers.gz`;
}

/** `inputs/reused.77ab01c2d3e4.trie.gz`: the trie that the run of this id searched. */
export function reusedTrieFile(reuse: string): string {
  return `${INPUTS_PREFIX}reused.${reuse}.trie.gz`;
}

function sorted<Value>(record: Readonly<Record<string, Value>>): [string, Value][] {
  return Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
