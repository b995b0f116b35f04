import type { ShardStore } from "@nightbeam/store";
import {
  type CancelledMark,
  type PartialMark,
  removeMarks,
  writeCancelled,
  writePartial,
} from "../records/marks.js";
import { firstRowOf, plannedRows } from "../records/plan.js";
import { missingShards } from "./finish-run.js";
import { readPlan } from "./journal.js";
import { runState } from "./read-state.js";
import { nextRunState, type RunState } from "./run-state.js";

/**
 * Marks a run as cancelled. What is committed stays, and counts when the run is submitted again.
 *
 * @throws RunError RUN_STATE where it is complete; STORE_FAILED, STORE_DAMAGED
 */
export async function markCancelled(
  store: ShardStore,
  { reason, now = new Date() }: { readonly reason?: string | undefined; readonly now?: Date } = {},
): Promise<CancelledMark> {
  const standing = await runState(store);
  nextRunState(standing.state, "cancelled");
  if (standing.state === "cancelled" && standing.cancelled) return standing.cancelled;
  const mark = { cancelledAt: now.toISOString(), ...(reason === undefined ? {} : { reason }) };
  await writeCancelled(store, mark);
  return mark;
}

/**
 * Marks a run as partial: what is not committed now has been given up. `causes` says why, by shard.
 *
 * @returns the mark, or undefined where nothing is missing: the run can be finished
 * @throws RunError RUN_STATE where it is complete, cancelled or not planned; STORE_FAILED, STORE_DAMAGED
 */
export async function markPartial(
  store: ShardStore,
  {
    causes,
    now = new Date(),
  }: { readonly causes: ReadonlyMap<number, string>; readonly now?: Date },
): Promise<PartialMark | undefined> {
  const { state, committed } = await runState(store);
  nextRunState(state, "set_aside");
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
 * Lets a partial or cancelled run go on where it stopped: removes its marks. `planRun` comes first: it
 * refuses another plan, and plans what was cancelled before it was planned.
 *
 * @returns the state afterwards: planned or complete
 * @throws RunError NOT_A_RUN where it is not planned; STORE_FAILED, STORE_DAMAGED
 */
export async function reopenRun(store: ShardStore): Promise<RunState> {
  await readPlan(store);
  const { state } = await runState(store);
  const next = nextRunState(state, "resubmitted");
  if (state !== next) await removeMarks(store);
  return next;
}
