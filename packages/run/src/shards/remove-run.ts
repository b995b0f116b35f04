import type { ShardStore } from "@nightbeam/store";
import { mapAtMost } from "../records/map-at-most.js";
import {
  ANSWERS_PREFIX,
  CANCELLED_FILE,
  COMMITS_PREFIX,
  INPUTS_PREFIX,
  MANIFEST_FILE,
  PARTIAL_FILE,
  PARTS_PREFIX,
  PAUSED_FILE,
  PLAN_FILE,
  REJECTED_FILE,
  REJECTED_PREFIX,
  REQUEST_FILE,
  REUSE_FILE,
  SEARCHES_PREFIX,
} from "../records/names.js";

const REMOVALS_AT_ONCE = 16;

/** The number of input files of a run: copies of the rows of its histories. @throws StoreError STORE_FAILED */
export async function countInputs(store: ShardStore): Promise<number> {
  return (await store.list(INPUTS_PREFIX)).filter((name) => name.endsWith(".jsonl")).length;
}

/**
 * Removes the input files and the answers of a run that has ended. Its shards cannot be computed again afterwards, and no
 * run can reuse it.
 *
 * @throws StoreError STORE_FAILED
 */
export async function removeInputs(store: ShardStore): Promise<void> {
  for (const prefix of [INPUTS_PREFIX, ANSWERS_PREFIX]) {
    await removeAll(store, await store.list(prefix));
  }
}

/**
 * Removes all files of a run, its lists too; the manifest first, so that readers see a whole run or none. The
 * request is the last: until it is gone, calling this again continues.
 *
 * @throws StoreError STORE_FAILED
 */
export async function removeRun(store: ShardStore): Promise<void> {
  await store.remove(MANIFEST_FILE);
  const prefixes = [
    ...[COMMITS_PREFIX, PARTS_PREFIX, REJECTED_PREFIX],
    ...[SEARCHES_PREFIX, ANSWERS_PREFIX, INPUTS_PREFIX],
  ];
  for (const prefix of prefixes) await removeAll(store, await store.list(prefix));
  const files = [REJECTED_FILE, REUSE_FILE, PARTIAL_FILE, PAUSED_FILE, CANCELLED_FILE, PLAN_FILE];
  for (const name of [...files, REQUEST_FILE]) await store.remove(name);
}

async function removeAll(store: ShardStore, names: readonly string[]): Promise<void> {
  await mapAtMost(REMOVALS_AT_ONCE, names, (name) => store.remove(name));
}
