import { createReadStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { DatasetError, writeFailure } from "../errors.js";
import { publish, tempPath } from "../files/durable.js";
import { firstRowOf, nameFiles } from "./part.js";
import type { RunPlan } from "./plan.js";
import type { Manifest, PartRecord } from "./records.js";
import { finiteStats, sumStats } from "./records.js";
import { partRejectedFile, REJECTED_FILE } from "./run-files.js";

/** The sums of a run, from which its other figures are derived. */
export interface RunTotals {
  readonly users: number;
  readonly rejected: number;
  readonly stats: Readonly<Record<string, number>>;
}

/**
 * Verifies that the committed parts are the whole run, merges what was rejected, and makes the
 * manifest; writing it is the caller's.
 *
 * @throws DatasetError RUN_INCOMPLETE, RUN_DAMAGED, WRITE_FAILED
 */
export async function assembleManifest(options: {
  readonly dir: string;
  readonly plan: RunPlan;
  readonly records: readonly PartRecord[];
  readonly derive: ((totals: RunTotals) => Record<string, number>) | undefined;
}): Promise<Manifest> {
  const { dir, plan, records, derive } = options;
  verifyWhole(dir, plan, records);
  for (const record of records) await nameFiles(dir, record);
  await mergeRejected(dir, records);
  const totals: RunTotals = {
    users: records.reduce((sum, record) => sum + record.rows, 0),
    rejected: records.reduce((sum, record) => sum + record.rejected, 0),
    stats: sumStats(records),
  };
  return {
    manifestVersion: 1,
    createdAt: new Date().toISOString(),
    format: plan.format,
    users: totals.users,
    rejected: totals.rejected,
    rejectedFile: REJECTED_FILE,
    stats: finiteStats({ ...totals.stats, ...derive?.(totals) }),
    versions: plan.versions,
    arguments: plan.arguments,
    parts: records.map(({ file, rows, bytes, sha256, firstRow, rowCount, teacherLog }) => {
      return { file, rows, bytes, sha256, firstRow, rowCount, teacherLog };
    }),
  };
}

/** Parts follow each other without a gap, full but for the last, up to the planned end. */
function verifyWhole(dir: string, plan: RunPlan, records: readonly PartRecord[]): void {
  let rows = 0;
  for (const [place, record] of records.entries()) {
    const isLast = place === records.length - 1;
    const full = isLast || record.rowCount === plan.partSize;
    if (record.index !== place || record.firstRow !== firstRowOf(plan, place) || !full) {
      throw incomplete(dir, `part ${place} is not committed, or not whole`);
    }
    rows += record.rowCount;
  }
  if (plan.inputRows !== undefined && rows !== plan.inputRows) {
    throw incomplete(dir, `${rows} of ${plan.inputRows} input rows are committed`);
  }
}

function incomplete(dir: string, problem: string): DatasetError {
  return new DatasetError(
    "RUN_INCOMPLETE",
    `The run in ${dir} is not whole: ${problem}. Start it again with the same arguments to continue.`,
  );
}

async function mergeRejected(dir: string, records: readonly PartRecord[]): Promise<void> {
  const path = join(dir, REJECTED_FILE);
  const temp = tempPath(path);
  try {
    const file = await open(temp, "wx");
    try {
      for (const record of records) {
        if (record.rejected === 0) continue;
        const part = createReadStream(join(dir, partRejectedFile(record.index)));
        for await (const bytes of part) await file.appendFile(bytes);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await publish(temp, path);
  } catch (error) {
    await rm(temp, { force: true });
    throw writeFailure(path, error);
  }
}
