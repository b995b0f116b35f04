import type { ShardStore } from "@nightbeam/store";
import { partCount, plannedRows, type RunPlan } from "../plan.js";
import { committedShards, storeJournal } from "../records/journal.js";
import {
  type CancelledMark,
  type PartialMark,
  type PausedMark,
  readCancelled,
  readPartial,
  readPaused,
} from "../records/marks.js";
import { MANIFEST_FILE } from "../records/names.js";
import { type StoredRunState, storedState } from "../state.js";

/** The state of a cluster's run, with counts. */
export interface RunStanding {
  readonly state: StoredRunState;
  /** Undefined until the run is planned. */
  readonly plan: RunPlan | undefined;
  /** Shards of the plan; 0 until the run is planned. */
  readonly shards: number;
  /** The indices of the committed shards. */
  readonly committed: ReadonlySet<number>;
  /** Input rows of the plan. */
  readonly rows: number;
  /** Input rows of the committed shards. */
  readonly committedRows: number;
  /** The mark in partial.json, even if the state is another one by now. */
  readonly partial: PartialMark | undefined;
  /** The mark in paused.json, also before the run is planned. */
  readonly paused: PausedMark | undefined;
  /** The mark in cancelled.json. */
  readonly cancelled: CancelledMark | undefined;
}

/** Reads the state of a run: a few small files and a listing. @throws RunError STORE_DAMAGED; StoreError STORE_FAILED */
export async function runState(store: ShardStore): Promise<RunStanding> {
  // The plan first: then the commits can only be newer than the plan.
  const plan = await storeJournal(store).readPlan();
  const [committed, partial, paused, cancelled, manifest] = await Promise.all([
    committedShards(store),
    readPartial(store),
    readPaused(store),
    readCancelled(store),
    store.list(MANIFEST_FILE),
  ]);
  const state = storedState({
    plan: plan !== undefined,
    manifest: manifest.includes(MANIFEST_FILE),
    partial: partial !== undefined,
    paused: paused !== undefined,
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
    paused,
    cancelled,
  };
}
