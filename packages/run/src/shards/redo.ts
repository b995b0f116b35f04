import type { ShardStore } from "@nightbeam/store";
import { RunError } from "../errors.js";
import { readRedo, writeRedo } from "../records/marks.js";
import {
  commitFile,
  MANIFEST_FILE,
  PARTIAL_FILE,
  PAUSED_FILE,
  REDO_FILE,
} from "../records/names.js";
import { nextRunState } from "../state.js";
import { runState } from "./read-state.js";

export interface RedoOptions {
  /** The shards to compute again; those without a commit are ignored. */
  readonly shards: readonly number[];
  readonly now?: Date;
}

/**
 * Removes the commits of shards, and the manifest that names them, so that the shards are computed again. Their old
 * files stay until the run is finished again: who reads the complete run meanwhile can read it to the end. redo.json
 * is written first and removed last: after a crash `applyRedo` continues.
 *
 * @returns the shards whose commits are removed
 * @throws RunError RUN_STATE if the run is not planned or is cancelled; BAD_REQUEST for a shard that it does not have;
 * STORE_DAMAGED; StoreError STORE_FAILED
 */
export async function redoShards(
  store: ShardStore,
  { shards, now = new Date() }: RedoOptions,
): Promise<readonly number[]> {
  const standing = await runState(store);
  nextRunState(standing.state, "redone");
  const unknown = shards.find((index) => !(index >= 0 && index < standing.shards));
  if (unknown !== undefined) {
    throw new RunError(
      "BAD_REQUEST",
      `${store.location} has no shard ${unknown}: its shards are 0 to ${standing.shards - 1}.`,
    );
  }
  const committed = [...new Set(shards)].filter((index) => standing.committed.has(index));
  // Of an earlier call that was interrupted.
  const pending = standing.redo?.shards ?? [];
  const all = [...new Set([...pending, ...committed])].sort((a, b) => a - b);
  if (all.length === 0) return [];
  await writeRedo(store, { redoneAt: now.toISOString(), shards: all });
  await applyRedo(store);
  return all;
}

/** Carries out what redo.json says. May be called any number of times. @throws RunError STORE_DAMAGED; StoreError STORE_FAILED */
export async function applyRedo(store: ShardStore): Promise<void> {
  const mark = await readRedo(store);
  if (mark === undefined) return;
  await store.remove(MANIFEST_FILE);
  await store.remove(PARTIAL_FILE);
  await store.remove(PAUSED_FILE);
  for (const index of mark.shards) await store.remove(commitFile(index));
  // Again: while the commits were all there, another process may have finished the run.
  await store.remove(MANIFEST_FILE);
  await store.remove(REDO_FILE);
}
