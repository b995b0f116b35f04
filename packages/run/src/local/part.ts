import { randomUUID } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { type WrittenFile, writePartFile } from "@nightbeam/dataset";
import {
  FILE_MODE,
  publish,
  readChunks,
  readFailure,
  systemCode,
  tempPath,
  writeFailure,
} from "@nightbeam/store";
import { RunError } from "../errors.js";
import { firstRowOf, plannedRows, type RunPlan } from "../plan.js";
import { type DamagedFile, damagedFile } from "../records/check-files.js";
import type { Journal } from "../records/journal.js";
import { commitFile, partFile } from "../records/names.js";
import { filesOf, type PartRecord, type PartResult } from "../records/records.js";
import { sideFiles } from "../records/side-files.js";
import { finiteStats } from "../statistics/run-stats.js";

/** Where parts are committed. */
export interface PartTarget {
  readonly dir: string;
  readonly plan: RunPlan;
  readonly journal: Journal;
}

/**
 * Writes a part under temporary names, commits it, and only then publishes its files. So the files of
 * two attempts at the same part cannot mix: only the one whose record counts is published.
 *
 * @returns the record that counts, and whether this call created it
 * @throws RunError PART_MISMATCH, RUN_DAMAGED; DatasetError BAD_RECOMMENDATION, WRITE_FAILED;
 * StoreError WRITE_FAILED
 */
export async function writeAndCommit(
  target: PartTarget,
  result: PartResult,
): Promise<{ created: boolean; record: PartRecord }> {
  const { dir, plan, journal } = target;
  const { index, rowCount, recommendations, rejected, stats, draftWidths, teacherLog } = result;
  checkRows(plan, result);
  const attempt = randomUUID();
  const file = partFile({ index }, plan.format);
  const partTemp = tempOf(dir, { file, attempt });
  const part = await writePartFile(partTemp, {
    format: plan.format,
    layout: plan.layout,
    recommendations,
  });
  const beside = await sideFiles({ index }, result);
  const temps = beside.files.map(({ name, bytes }) => ({
    temp: tempOf(dir, { file: name, attempt }),
    bytes,
  }));
  const discard = async (): Promise<void> => {
    for (const temp of [partTemp, ...temps.map(({ temp }) => temp)])
      await rm(temp, { force: true });
  };
  try {
    checkAccount(result, part);
    for (const { temp, bytes } of temps) await writeSynced(temp, bytes);
  } catch (error) {
    await discard();
    throw error;
  }
  const { rows, bytes, sha256 } = part;
  // If this fails, the record may exist nevertheless, and then these files are the part. So they stay,
  // and the next process that opens the run publishes or removes them.
  const outcome = await journal.commit({
    index,
    file,
    attempt,
    rows,
    rejected: rejected.length,
    ...beside.entries,
    bytes,
    sha256,
    firstRow: firstRowOf(plan, index),
    rowCount,
    stats: finiteStats(stats),
    ...(draftWidths === undefined ? {} : { draftWidths: [...draftWidths] }),
    teacherLog,
  });
  if (!outcome.created) await discard();
  await publishFiles(dir, outcome.record);
  return outcome;
}

/** Publishes the files of a committed part, unless that is done already. @throws StoreError WRITE_FAILED */
export async function publishFiles(dir: string, record: PartRecord): Promise<void> {
  for (const file of filesOf(record)) {
    const path = join(dir, file);
    const temp = tempOf(dir, { file, attempt: record.attempt });
    // Earlier versions had temporary files beside the published ones.
    for (const from of [temp, tempPath(path, record.attempt)]) await publishFrom(from, path);
  }
}

/**
 * Publishes the files of a committed part, and checks that they are the committed ones: all of their bytes are read.
 *
 * @throws RunError RUN_DAMAGED if a file is missing or has another content; StoreError WRITE_FAILED, UNREADABLE
 */
export async function settleFiles(dir: string, record: PartRecord): Promise<void> {
  await publishFiles(dir, record);
  const damaged = await damagedPart(dir, record);
  if (damaged === undefined) return;
  throw new RunError(
    "RUN_DAMAGED",
    `${join(dir, damaged.file)} ${damaged.problem}. Remove its commit record, ` +
      `${join(dir, commitFile(record.index))}, to have the part made again.`,
  );
}

async function damagedPart(
  dir: string,
  record: PartRecord,
): Promise<Omit<DamagedFile, "index"> | undefined> {
  const { file, rows, rejected, rowCount } = record;
  if (rows + rejected !== rowCount) {
    return { file, problem: `has ${rows} lists and ${rejected} rejected rows of ${rowCount}` };
  }
  return damagedFile(record, (name) => readChunks(join(dir, name))).catch((error: unknown) => {
    if (systemCode(error) !== "ENOENT") throw readFailure(dir, error);
    return { file, problem: "or another file of its part is missing" };
  });
}

async function publishFrom(temp: string, path: string): Promise<void> {
  try {
    await publish(temp, path);
  } catch (error) {
    // It is published already, perhaps by another process.
    if (systemCode(error) !== "ENOENT") throw writeFailure(path, error);
  }
}

/**
 * The temporary path of a part's file: in the run's directory, because Polars reads hidden files of the folder
 * `parts/` as well.
 */
function tempOf(
  dir: string,
  { file, attempt }: { readonly file: string; readonly attempt: string },
): string {
  return tempPath(join(dir, file.replace("/", "-")), attempt);
}

function checkRows(plan: RunPlan, { index, rowCount }: PartResult): void {
  const { inputRows } = plan;
  const expected = plannedRows(plan, index);
  const fits =
    inputRows === undefined ? rowCount >= 1 && rowCount <= expected : rowCount === expected;
  if (fits && expected > 0) return;
  throw new RunError(
    "PART_MISMATCH",
    `Part ${index} has ${rowCount} input rows, but the plan gives it ` +
      `${inputRows === undefined ? "up to " : ""}${expected}. ` +
      "Read the rows of a part by the plan's firstRow and partSize.",
  );
}

function checkAccount({ index, rowCount, rejected }: PartResult, { rows }: WrittenFile): void {
  if (rows + rejected.length === rowCount) return;
  throw new RunError(
    "PART_MISMATCH",
    `Part ${index} has ${rowCount} input rows, and ${rows} lists and ${rejected.length} rejected ` +
      "rows. Every row must give one or the other.",
  );
}

async function writeSynced(path: string, content: string | Uint8Array): Promise<void> {
  try {
    const file = await open(path, "wx", FILE_MODE);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw writeFailure(basename(path), error);
  }
}
