import type { ShardStore } from "@nightbeam/store";
import {
  type CancelledMark,
  type PartialMark,
  readCancelled,
  readPartial,
} from "../records/marks.js";
import { partCount, plannedRows, type RunPlan } from "../records/plan.js";
import { MANIFEST_FILE } from "../records/run-files.js";
import { committedShards, storeJournal } from "./journal.js";
import { type RunState, stateOfFiles } from "./run-state.js";

/** Where a run stands, with counts. */
export interface RunStanding {
  readonly state: RunState;
  /** Undefined until the run is planned. */
  readonly plan: RunPlan | undefined;
  /** Shards of the plan; 0 until the run is planned. */
  readonly shards: number;
  readonly committed: ReadonlySet<number>;
  /** Input rows of the plan. */
  readonly rows: number;
  /** Input rows of the committed shards. */
  readonly committedRows: number;
  /** Also where the state is another one by now. */
  readonly partial: PartialMark | undefined;
  readonly cancelled: CancelledMark | undefined;
}

/** Reads where a run stands: a few small files and a listing. @throws RunError STORE_FAILED, STORE_DAMAGED */
export async function runState(store: ShardStore): Promise<RunStanding> {
  // The plan first: what is committed is then at most newer than it.
  const plan = await storeJournal(store).readPlan();
  const [committed, partial, cancelled, manifest] = await Promise.all([
    committedShards(store),
    readPartial(store),
    readCancelled(store),
    store.list(MANIFEST_FILE),
  ]);
  const state = stateOfFiles({
    plan: plan !== undefined,
    manifest: manifest.includes(MANIFEST_FILE),
    partial: partial !== undefined,
    cancelled: cancelled !== undefined,
  });
  const rowsOf = (index: number) => (plan === undefined ? 0 : plannedRows(plan, index));
  return {
    state,
    plan,
    shards: plan === undefined ? 0 : (partCount(plan) ?? 0),
    committed,
    rows: plan?.inputRows ?? 0,
    committedRows: [...committed].reduce((sum, index) => sum + rowsOf(index), 0),
    partial,
    cancelled,
  };
}
