import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type ShardStore, storeFailed, storeGone } from "@nightbeam/store";
import type { RunCost } from "../cost/run-cost.js";
import { RunError } from "../errors.js";
import { firstRowOf, partCount, plannedRows, type RunPlan } from "../plan.js";
import { type DamagedFile, damagedFile } from "../records/check-files.js";
import { committedShards, readPlan, storeJournal } from "../records/journal.js";
import { makeManifest } from "../records/manifest.js";
import { mapAtMost } from "../records/map-at-most.js";
import { mergeRejected } from "../records/merge-rejected.js";
import {
  ANSWERS_PREFIX,
  commitFile,
  MANIFEST_FILE,
  PARTS_PREFIX,
  REJECTED_FILE,
  REJECTED_PREFIX,
  SEARCHES_PREFIX,
} from "../records/names.js";
import { filesOf, type Manifest, type PartRecord } from "../records/records.js";
import { readReuse } from "../reuse/shard-answers.js";
import { nextRunState } from "../state.js";
import type { RunStats, RunTotals } from "../statistics/run-stats.js";
import { runState } from "./read-state.js";

export interface FinishRunOptions {
  /** Computes figures from the sums, see `runFigures`. */
  readonly derive?: ((totals: RunTotals) => RunStats) | undefined;
  /** Computes what the committed parts cost. */
  readonly costOf?: ((records: readonly PartRecord[]) => RunCost | undefined) | undefined;
  readonly now?: Date;
}

/**
 * Completes a run: checks the commits against the plan, merges the rejected rows, and writes the
 * manifest, which readers trust. May be called any number of times, also concurrently: the first
 * manifest counts, and every call returns it.
 *
 * @throws RunError RUN_INCOMPLETE, naming the shards; RUN_STATE if the run is cancelled; NOT_A_RUN,
 * STORE_DAMAGED; StoreError STORE_FAILED, STORE_DAMAGED
 */
export async function finishRun(
  store: ShardStore,
  { derive, costOf, now = new Date() }: FinishRunOptions = {},
): Promise<Manifest> {
  const journal = storeJournal(store);
  const existing = await journal.readManifest();
  if (existing !== undefined) return existing;
  const plan = await readPlan(store);
  const { state, committed } = await runState(store);
  // Another call may have completed it just now; then this one returns the same manifest.
  if (state !== "complete") nextRunState(state, "finished");
  refuseMissing(store, missingShards(plan, committed));
  const records = await journal.readCommits();
  await verifyRecords({ store, plan, records });
  const made = makeManifest({
    location: store.location,
    plan,
    records,
    origin: await journal.readOrigin(),
    reuse: await readReuse(store),
    cost: costOf?.(records),
    derive,
    createdAt: now,
  });
  await putRejected(store, records);
  const manifest = await journal.createManifest(made);
  await withdrawIfUncommitted(store, plan);
  return manifest;
}

/** The shards of the plan that are not committed, in order. */
export function missingShards(plan: RunPlan, committed: ReadonlySet<number>): number[] {
  const shards = Array.from({ length: partCount(plan) ?? 0 }, (_, index) => index);
  return shards.filter((index) => !committed.has(index));
}

/**
 * Shards may have been uncommitted while the manifest was made: then it must not stay. `uncommitShards` removes the
 * manifest before and after the commits, so one of the two removes it.
 */
async function withdrawIfUncommitted(store: ShardStore, plan: RunPlan): Promise<void> {
  const missing = missingShards(plan, await committedShards(store));
  if (missing.length > 0) await store.remove(MANIFEST_FILE);
  refuseMissing(store, missing);
}

function refuseMissing(store: ShardStore, missing: readonly number[]): void {
  if (missing.length === 0) return;
  const named = missing.slice(0, 10).join(", ");
  const more = missing.length > 10 ? ` and ${missing.length - 10} more` : "";
  throw new RunError(
    "RUN_INCOMPLETE",
    `The run in ${store.location} lacks the shards ${named}${more}. Wait for them, or submit the ` +
      "run again.",
  );
}

/** Checks that every record fits the plan, and that the files of the records are the committed ones. */
async function verifyRecords(options: {
  readonly store: ShardStore;
  readonly plan: RunPlan;
  readonly records: readonly PartRecord[];
}): Promise<void> {
  const { store, plan, records } = options;
  const prefixes = [PARTS_PREFIX, REJECTED_PREFIX, SEARCHES_PREFIX, ANSWERS_PREFIX];
  const listed = await Promise.all(prefixes.map((prefix) => store.list(prefix)));
  const present = new Set(listed.flat());
  for (const record of records) {
    const { index, firstRow, rowCount, rows, rejected } = record;
    const fits =
      firstRow === firstRowOf(plan, index) &&
      rowCount === plannedRows(plan, index) &&
      rowCount === rows + rejected;
    if (!fits) {
      throw new RunError(
        "STORE_DAMAGED",
        `The commit record of shard ${index} in ${store.location} does not fit the run's plan. ` +
          "Remove it to have the shard made again.",
      );
    }
    for (const file of filesOf(record)) {
      if (!present.has(file)) throw storeGone(`${store.location}/${file}`);
    }
  }
  await mapAtMost(HASHED_AT_ONCE, records, async (record) => {
    const damaged = await damagedFile(record, (file) => store.open(file));
    if (damaged !== undefined) throw damagedPart(store, damaged);
  });
}

/** Parts that are read at the same time, to hide the latency of a store. */
const HASHED_AT_ONCE = 8;

function damagedPart({ location }: ShardStore, { index, file, problem }: DamagedFile): RunError {
  return new RunError(
    "STORE_DAMAGED",
    `${location}/${file} ${problem}. Remove the commit record ${location}/${commitFile(index)} to have the ` +
      "shard made again.",
  );
}

/** Writes the file of rejected rows, by way of a local one: a store takes only whole files. */
async function putRejected(store: ShardStore, records: readonly PartRecord[]): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), "nightbeam-rejected-")).catch((error: unknown) => {
    throw storeFailed(tmpdir(), error);
  });
  const path = join(scratch, REJECTED_FILE);
  try {
    try {
      const rejected = mergeRejected(records, (file) => store.open(file));
      await pipeline(rejected, createWriteStream(path));
    } catch (error) {
      throw storeFailed(path, error);
    }
    await store.putFile(REJECTED_FILE, path);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
