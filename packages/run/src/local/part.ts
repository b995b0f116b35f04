import { randomUUID } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { PartAttempt, Recommendations } from "@nightbeam/dataset";
import { partName, systemCode, writeAttempt, writeFailure } from "@nightbeam/dataset";
import { fileSize, publish, tempPath } from "@nightbeam/store";
import { RunError } from "../errors.js";
import type { Journal } from "../records/journal.js";
import type { RunPlan } from "../records/plan.js";
import { firstRowOf, plannedRows } from "../records/plan.js";
import type { PartRecord, RejectedRow } from "../records/records.js";
import { finiteStats, rejectedFileOf, rejectedText } from "../records/records.js";
import { PARTS_DIRECTORY, partFile, partRejectedFile } from "../records/run-files.js";

/** A part that is ready: `index * partSize` input rows after the run's first, `rowCount` of them. */
export interface PartResult {
  readonly index: number;
  /** Input rows; each is either recommended for or rejected. */
  readonly rowCount: number;
  readonly recommendations: Recommendations;
  readonly rejected: readonly RejectedRow[];
  /** Figures that add up over parts: calls, nodes, seconds. */
  readonly stats: Readonly<Record<string, number>>;
  /** The teacher data written for the part, where there is any: a path that stands by itself. */
  readonly teacherLog?: string | undefined;
}

/** Where a part is committed to. */
export interface PartTarget {
  readonly dir: string;
  readonly plan: RunPlan;
  readonly journal: Journal;
}

/**
 * Writes a part under private names, commits it, and only then gives the files their public names:
 * two processes that made the same part cannot mix, as only the one whose record stands names files.
 *
 * @returns the record that counts, and whether it is this call's
 * @throws RunError PART_MISMATCH, BAD_RECOMMENDATION, WRITE_FAILED
 */
export async function writeAndCommit(
  target: PartTarget,
  result: PartResult,
): Promise<{ created: boolean; record: PartRecord }> {
  const { dir, plan, journal } = target;
  const { index, rowCount, recommendations, rejected, stats, teacherLog } = result;
  checkRows(plan, result);
  const attempt = randomUUID();
  const part = await writeAttempt(
    {
      directory: join(dir, PARTS_DIRECTORY),
      name: partName(index),
      format: plan.format,
      recommendations,
    },
    attempt,
  );
  const rejectedTemp = tempPath(join(dir, partRejectedFile(index)), attempt);
  const discard = async (): Promise<void> => {
    await rm(part.path, { force: true });
    await rm(rejectedTemp, { force: true });
  };
  try {
    checkAccount(result, part);
    if (rejected.length > 0) await writeRejected(rejectedTemp, rejected);
  } catch (error) {
    await discard();
    throw error;
  }
  const { rows, bytes, sha256 } = part;
  // Should this fail, the record may stand all the same, and then these files are the part: they
  // stay, and whoever opens the run next names or removes them.
  const outcome = await journal.commit({
    index,
    file: partFile(index, plan.format),
    attempt,
    rows,
    rejected: rejected.length,
    bytes,
    sha256,
    firstRow: firstRowOf(plan, index),
    rowCount,
    stats: finiteStats(stats),
    teacherLog,
  });
  if (!outcome.created) await discard();
  await nameFiles(dir, outcome.record);
  return outcome;
}

/**
 * Gives a committed part's files their public names, if they do not have them yet.
 *
 * @throws RunError RUN_DAMAGED where a file is neither here nor there
 */
export async function nameFiles(dir: string, record: PartRecord): Promise<void> {
  for (const file of [record.file, rejectedFileOf(record)]) {
    if (file === undefined) continue;
    const path = join(dir, file);
    const temp = tempPath(path, record.attempt);
    try {
      await publish(temp, path);
    } catch (error) {
      // It has its name already, perhaps by another process.
      if (systemCode(error) !== "ENOENT") throw writeFailure(path, error);
    }
  }
  const bytes = await fileSize(join(dir, record.file));
  if (bytes === record.bytes) return;
  throw new RunError(
    "RUN_DAMAGED",
    `${join(dir, record.file)} ${bytes === undefined ? "is gone" : `has ${bytes} bytes`} where its ` +
      `commit record states ${record.bytes}. Remove the record commits/${partName(record.index)}.json ` +
      "to have the part made again.",
  );
}

function checkRows(plan: RunPlan, { index, rowCount }: PartResult): void {
  const { inputRows } = plan;
  const expected = plannedRows(plan, index);
  const fits =
    inputRows === undefined ? rowCount >= 1 && rowCount <= expected : rowCount === expected;
  if (fits && expected > 0) return;
  throw new RunError(
    "PART_MISMATCH",
    `Part ${index} brings ${rowCount} input rows where the plan gives it ` +
      `${inputRows === undefined ? "up to " : ""}${expected}. ` +
      "Read the rows of a part by the plan's firstRow and partSize.",
  );
}

function checkAccount({ index, rowCount, rejected }: PartResult, { rows }: PartAttempt): void {
  if (rows + rejected.length === rowCount) return;
  throw new RunError(
    "PART_MISMATCH",
    `Part ${index} has ${rowCount} input rows, and ${rows} lists and ${rejected.length} rejected ` +
      "rows. Every row must give one of the two.",
  );
}

async function writeRejected(path: string, rejected: readonly RejectedRow[]): Promise<void> {
  try {
    const file = await open(path, "wx");
    try {
      await file.writeFile(rejectedText(rejected));
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw writeFailure(basename(path), error);
  }
}
