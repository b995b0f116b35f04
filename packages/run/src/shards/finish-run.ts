import type { ShardStore } from "@nightbeam/store";
import { storeGone } from "@nightbeam/store";
import { RunError } from "../errors.js";
import { makeManifest, type RunTotals } from "../records/manifest.js";
import { firstRowOf, partCount, plannedRows, type RunPlan } from "../records/plan.js";
import { type Manifest, type PartRecord, rejectedFileOf } from "../records/records.js";
import { PARTS_PREFIX } from "../records/run-names.js";
import { asJobsError, readPlan, storeJournal } from "./journal.js";
import { mergeRejected } from "./merge-rejected.js";
import { runState } from "./read-state.js";
import { nextRunState } from "./run-state.js";

export interface FinishRunOptions {
  /** Makes figures out of the sums, such as calls per user. */
  readonly derive?: ((totals: RunTotals) => Record<string, number>) | undefined;
  readonly now?: Date;
}

/**
 * Completes a run: holds the commits against the plan, merges the rejected rows, and writes the
 * manifest, which readers trust. May be called any number of times, also at once: the first manifest
 * stands, and every call resolves to it.
 *
 * @throws RunError RUN_INCOMPLETE, naming the shards; RUN_STATE where the run was cancelled;
 * NOT_A_RUN, STORE_DAMAGED, STORE_FAILED
 */
export async function finishRun(
  store: ShardStore,
  { derive, now = new Date() }: FinishRunOptions = {},
): Promise<Manifest> {
  const journal = storeJournal(store);
  const standing = await journal.readManifest();
  if (standing !== undefined) return standing;
  const plan = await readPlan(store);
  const { state, committed } = await runState(store);
  nextRunState(state, "finished");
  refuseMissing(store, missingShards(plan, committed));
  const records = await journal.readCommits();
  await verifyRecords({ store, plan, records });
  const made = makeManifest({ location: store.location, plan, records, derive, createdAt: now });
  await mergeRejected(store, records);
  return journal.createManifest(made);
}

/** Shards of the plan that are not committed, in order. */
export function missingShards(plan: RunPlan, committed: ReadonlySet<number>): number[] {
  const shards = Array.from({ length: partCount(plan) ?? 0 }, (_, index) => index);
  return shards.filter((index) => !committed.has(index));
}

function refuseMissing(store: ShardStore, missing: readonly number[]): void {
  if (missing.length === 0) return;
  const named = missing.slice(0, 10).join(", ");
  const more = missing.length > 10 ? ` and ${missing.length - 10} more` : "";
  throw new RunError(
    "RUN_INCOMPLETE",
    `The run in ${store.location} lacks the shards ${named}${more}. Let them be made, or submit ` +
      "the run again.",
  );
}

/** Every record is of the plan, and every file that one names is there. */
async function verifyRecords(options: {
  readonly store: ShardStore;
  readonly plan: RunPlan;
  readonly records: readonly PartRecord[];
}): Promise<void> {
  const { store, plan, records } = options;
  const present = new Set(await asJobsError(store.list(PARTS_PREFIX)));
  for (const record of records) {
    const { index, firstRow, rowCount, rows, rejected } = record;
    const fits =
      firstRow === firstRowOf(plan, index) &&
      rowCount === plannedRows(plan, index) &&
      rowCount === rows + rejected;
    if (!fits) {
      throw new RunError(
        "STORE_DAMAGED",
        `The commit record of shard ${index} in ${store.location} is not of this run's plan. ` +
          "Remove it to have the shard made again.",
      );
    }
    for (const file of [record.file, rejectedFileOf(record)]) {
      if (file !== undefined && !present.has(file)) throw storeGone(`${store.location}/${file}`);
    }
  }
}
