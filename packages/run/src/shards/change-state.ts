import type { ShardStore } from "@nightbeam/store";
import { firstRowOf, plannedRows } from "../plan.js";
import { readPlan } from "../records/journal.js";
import {
  type CancelledMark,
  type PartialMark,
  removeMarks,
  removePaused,
  writeCancelled,
  writePartial,
  writePaused,
} from "../records/marks.js";
import { nextRunState, type RunState } from "../state.js";
import { missingShards } from "./finish-run.js";
import { runState } from "./read-state.js";

/**
 * Marks a run as cancelled. Committed shards stay, and count when the run is submitted again.
 *
 * @throws RunError RUN_STATE if the run is complete; STORE_DAMAGED; StoreError STORE_FAILED
 */
export async function markCancelled(
  store: ShardStore,
  { reason, now = new Date() }: { readonly reason?: string | undefined; readonly now?: Date } = {},
): Promise<CancelledMark> {
  const { state, cancelled } = await runState(store);
  if (state === "cancelled" && cancelled !== undefined) return cancelled;
  nextRunState(state, "cancelled");
  const mark = { cancelledAt: now.toISOString(), ...(reason === undefined ? {} : { reason }) };
  await writeCancelled(store, mark);
  return mark;
}

/**
 * Marks a run as paused: the shards in progress are committed, and no other is taken. A run that is not
 * planned yet is paused when its plan exists. Does nothing if the run is marked.
 *
 * @throws RunError RUN_STATE if the run is complete, partial or cancelled; STORE_DAMAGED; StoreError
 * STORE_FAILED
 */
export async function markPaused(
  store: ShardStore,
  { now = new Date() }: { readonly now?: Date } = {},
): Promise<void> {
  const { state, paused } = await runState(store);
  nextRunState(state, "paused");
  if (paused === undefined) await writePaused(store, { pausedAt: now.toISOString() });
}

/**
 * Lets a paused run go on. Does nothing if it is not paused.
 *
 * @throws RunError RUN_STATE if the run is complete, partial or cancelled; STORE_DAMAGED; StoreError
 * STORE_FAILED
 */
export async function unpauseRun(store: ShardStore): Promise<void> {
  nextRunState((await runState(store)).state, "unpaused");
  await removePaused(store);
}

/**
 * Marks a run as partial: the shards that are not committed are given up. `causes` has the reasons, by
 * shard.
 *
 * @returns the mark, or undefined if no shard is missing: the run can be finished
 * @throws RunError RUN_STATE if the run is complete, cancelled or not planned; STORE_DAMAGED;
 * StoreError STORE_FAILED
 */
export async function markPartial(
  store: ShardStore,
  {
    causes,
    now = new Date(),
  }: { readonly causes: ReadonlyMap<number, string>; readonly now?: Date },
): Promise<PartialMark | undefined> {
  const { state, committed } = await runState(store);
  nextRunState(state, "set-aside");
  const plan = await readPlan(store);
  const missing = missingShards(plan, committed).map((index) => ({
    index,
    firstRow: firstRowOf(plan, index),
    rows: plannedRows(plan, index),
    cause: causes.get(index) ?? "not known",
  }));
  if (missing.length === 0) return undefined;
  const mark = { setAsideAt: now.toISOString(), missing };
  await writePartial(store, mark);
  return mark;
}

/**
 * Lets a partial, paused or cancelled run continue: removes its marks. Call `planRun` first: it refuses
 * another plan, and plans a run that was cancelled before it was planned.
 *
 * @returns the state afterwards: planned or complete
 * @throws RunError NOT_A_RUN if the run is not planned; STORE_DAMAGED; StoreError STORE_FAILED
 */
export async function reopenRun(store: ShardStore): Promise<RunState> {
  await readPlan(store);
  const { state } = await runState(store);
  const next = nextRunState(state, "reopened");
  if (state !== next) await removeMarks(store);
  return next;
}
