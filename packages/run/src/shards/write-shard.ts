import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { writePart } from "@nightbeam/dataset";
import { fingerprint, makeDirectory, type ShardStore, storeFailed } from "@nightbeam/store";
import { RunError } from "../errors.js";
import { firstRowOf, plannedRows, type RunPlan } from "../plan.js";
import { partFile } from "../records/names.js";
import { filesOf, type PartRecord, type PartResult } from "../records/records.js";
import { sideFiles } from "../records/side-files.js";
import { finiteStats } from "../statistics/run-stats.js";

/** A name for an attempt that no other attempt has: `a2-91d0b6e4c7f3`. */
export function attemptName(attemptsStarted: number): string {
  return `a${attemptsStarted}-${randomBytes(6).toString("hex")}`;
}

export interface ShardAttempt {
  readonly store: ShardStore;
  readonly plan: RunPlan;
  readonly result: PartResult;
  /** How often the shard's job was started, including this time. */
  readonly attempt: number;
  /** A local directory, in which the part file is written before it goes to the store. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/**
 * Writes the lists of a shard and puts them into the store, see `writeShard`.
 *
 * @returns the record to commit or discard
 * @throws RunError SHARD_MISMATCH; StoreError STORE_FAILED; DatasetError BAD_RECOMMENDATION,
 * WRITE_FAILED; the signal's reason, before anything goes to the store
 */
export async function writeAttempt(options: ShardAttempt): Promise<PartRecord> {
  const { store, plan, result, scratch, signal } = options;
  const { index, recommendations, rowCount: _, teacherLog: __, ...facts } = result;
  const attempt = attemptName(options.attempt);
  await makeDirectory(scratch);
  const part = await writePart({
    directory: scratch,
    name: `nightbeam-${index}-${attempt}`,
    format: plan.format,
    layout: plan.layout,
    recommendations,
  });
  const file = join(scratch, part.file);
  try {
    signal.throwIfAborted();
    const { rows } = part;
    return await writeShard({ store, plan, index, attempt, file, rows, ...facts });
  } finally {
    await rm(file, { force: true });
  }
}

/** The result of an attempt at a shard, with its part as a local file. */
export interface ShardResult
  extends Omit<PartResult, "rowCount" | "recommendations" | "teacherLog"> {
  readonly plan: RunPlan;
  /** A name from `attemptName`. */
  readonly attempt: string;
  /** The local path of the part; the file may be gone afterwards. */
  readonly file: string;
  /** Lists in the file. */
  readonly rows: number;
}

/**
 * Puts the files of a shard into the store, under the names of the attempt. Nothing counts until the
 * returned record is committed (`commitWritten`); otherwise discard it (`discardWritten`). The record
 * is plain data, which can be sent to another thread.
 *
 * @throws RunError SHARD_MISMATCH; StoreError STORE_FAILED. Nothing is left then
 */
export async function writeShard(
  options: ShardResult & { readonly store: ShardStore },
): Promise<PartRecord> {
  const { store, plan, index, attempt, file, rows, rejected, stats } = options;
  const { draftWidths, verifiers } = options;
  checkAccount(options);
  const { bytes, sha256 } = await fingerprintOf(file);
  const beside = await sideFiles({ index, attempt }, options);
  const record: PartRecord = {
    index,
    file: partFile({ index, attempt }, plan.format),
    attempt,
    rows,
    rejected: rejected.length,
    ...beside.entries,
    bytes,
    sha256,
    firstRow: firstRowOf(plan, index),
    rowCount: plannedRows(plan, index),
    stats: finiteStats(stats),
    ...(draftWidths === undefined ? {} : { draftWidths: [...draftWidths] }),
    ...(verifiers === undefined ? {} : { verifiers: [...verifiers] }),
  };
  try {
    await store.putFile(record.file, file);
    for (const { name, bytes } of beside.files) await store.replace(name, bytes);
    return record;
  } catch (error) {
    await discardWritten(store, record).catch(() => undefined);
    throw error;
  }
}

/** Removes the files of an attempt that is not committed. @throws StoreError STORE_FAILED */
export async function discardWritten(store: ShardStore, record: PartRecord): Promise<void> {
  for (const file of filesOf(record)) await store.remove(file);
}

async function fingerprintOf(file: string): Promise<{ bytes: number; sha256: string }> {
  try {
    return await fingerprint(file);
  } catch (error) {
    throw storeFailed(file, error);
  }
}

/** Every row of the shard must give a list or a reason, and no other row. */
function checkAccount({ plan, index, rows, rejected }: ShardResult): void {
  const rowCount = plannedRows(plan, index);
  const first = firstRowOf(plan, index);
  const stranger = rejected.find(({ row }) => row < first || row >= first + rowCount);
  if (rowCount > 0 && stranger === undefined && rows + rejected.length === rowCount) return;
  const problem =
    stranger === undefined
      ? `it has ${rowCount} input rows, but ${rows} lists and ${rejected.length} rejected rows`
      : `it rejects row ${stranger.row}, but its rows are ${first} to ${first + rowCount - 1}`;
  throw new RunError(
    "SHARD_MISMATCH",
    `Shard ${index} does not account for its rows: ${problem}. Every row that the plan gives a ` +
      "shard must give a list or a reason.",
  );
}
