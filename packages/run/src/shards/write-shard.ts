import { randomBytes } from "node:crypto";
import type { ShardStore } from "@nightbeam/store";
import { fingerprint, storeFailed } from "@nightbeam/store";
import { RunError } from "../errors.js";
import { firstRowOf, plannedRows, type RunPlan } from "../records/plan.js";
import {
  finiteStats,
  type PartRecord,
  type RejectedRow,
  rejectedText,
} from "../records/records.js";
import { attemptFile, attemptRejectedFile } from "../records/run-names.js";

/** What an attempt made of a shard. */
export interface ShardResult {
  readonly plan: RunPlan;
  readonly index: number;
  /** A name from `attemptName`. */
  readonly attempt: string;
  /** The local path of the written part; the file may be gone afterwards. */
  readonly file: string;
  /** Lists in the file. */
  readonly rows: number;
  readonly rejected: readonly RejectedRow[];
  /** Figures that add up over shards: calls, nodes, seconds. */
  readonly stats: Readonly<Record<string, number>>;
}

/** A name for an attempt that no other attempt has: `a2-91d0b6e4c7f3`. */
export function attemptName(attemptsStarted: number): string {
  return `a${attemptsStarted}-${randomBytes(6).toString("hex")}`;
}

/**
 * Puts a shard's files into the store, under names of the attempt. Nothing counts yet: the record
 * that it resolves to is plain data, which any thread may hand to `commitWritten`, or to
 * `discardWritten`.
 *
 * @throws RunError SHARD_MISMATCH, STORE_FAILED; nothing is left then
 */
export async function writeShard(
  options: ShardResult & { readonly store: ShardStore },
): Promise<PartRecord> {
  const { store, plan, index, attempt, file, rows, rejected, stats } = options;
  checkAccount(options);
  const { bytes, sha256 } = await fingerprintOf(file);
  const record: PartRecord = {
    index,
    file: attemptFile({ index, attempt, format: plan.format }),
    attempt,
    rows,
    rejected: rejected.length,
    ...(rejected.length === 0 ? {} : { rejectedFile: attemptRejectedFile({ index, attempt }) }),
    bytes,
    sha256,
    firstRow: firstRowOf(plan, index),
    rowCount: plannedRows(plan, index),
    stats: finiteStats(stats),
  };
  try {
    await store.putFile(record.file, file);
    if (record.rejectedFile !== undefined) {
      await store.replace(record.rejectedFile, new TextEncoder().encode(rejectedText(rejected)));
    }
    return record;
  } catch (error) {
    await discardWritten(store, record).catch(() => undefined);
    throw error;
  }
}

/** Removes the files of an attempt that is not committed. @throws RunError STORE_FAILED */
export async function discardWritten(store: ShardStore, record: PartRecord): Promise<void> {
  await store.remove(record.file);
  if (record.rejectedFile !== undefined) await store.remove(record.rejectedFile);
}

async function fingerprintOf(file: string): Promise<{ bytes: number; sha256: string }> {
  try {
    return await fingerprint(file);
  } catch (error) {
    throw storeFailed(file, error);
  }
}

/** Every row of the shard gave a list or a reason, and no other row did. */
function checkAccount({ plan, index, rows, rejected }: ShardResult): void {
  const rowCount = plannedRows(plan, index);
  const first = firstRowOf(plan, index);
  const stranger = rejected.find(({ row }) => row < first || row >= first + rowCount);
  if (rowCount > 0 && stranger === undefined && rows + rejected.length === rowCount) return;
  const problem =
    stranger === undefined
      ? `it has ${rowCount} input rows, and ${rows} lists and ${rejected.length} rejected rows`
      : `it rejects row ${stranger.row}, and its rows are ${first} to ${first + rowCount - 1}`;
  throw new RunError(
    "SHARD_MISMATCH",
    `Shard ${index} does not account for its rows: ${problem}. Every row that the plan gives a ` +
      "shard must give a list or a reason.",
  );
}
