import { RunError } from "../errors.js";
import type { RunPlan } from "./plan.js";
import { firstRowOf } from "./plan.js";
import type { Manifest, PartRecord } from "./records.js";
import { finiteStats, sumStats } from "./records.js";
import { REJECTED_FILE } from "./run-files.js";

/** The sums of a run, from which its other figures are derived. */
export interface RunTotals {
  readonly users: number;
  readonly rejected: number;
  readonly stats: Readonly<Record<string, number>>;
}

/**
 * Verifies that the committed parts are the whole run and makes its manifest; writing it, and
 * merging what was rejected, is the caller's.
 *
 * @throws RunError RUN_INCOMPLETE
 */
export function makeManifest(options: {
  /** For messages. */
  readonly location: string;
  readonly plan: RunPlan;
  /** In order of their index. */
  readonly records: readonly PartRecord[];
  readonly derive: ((totals: RunTotals) => Record<string, number>) | undefined;
  readonly createdAt: Date;
}): Manifest {
  const { location, plan, records, derive, createdAt } = options;
  verifyWhole(location, plan, records);
  const totals: RunTotals = {
    users: records.reduce((sum, record) => sum + record.rows, 0),
    rejected: records.reduce((sum, record) => sum + record.rejected, 0),
    stats: sumStats(records),
  };
  return {
    manifestVersion: 1,
    createdAt: createdAt.toISOString(),
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
function verifyWhole(location: string, plan: RunPlan, records: readonly PartRecord[]): void {
  let rows = 0;
  for (const [place, record] of records.entries()) {
    const isLast = place === records.length - 1;
    const full = isLast || record.rowCount === plan.partSize;
    if (record.index !== place || record.firstRow !== firstRowOf(plan, place) || !full) {
      throw incomplete(location, `part ${place} is not committed, or not whole`);
    }
    rows += record.rowCount;
  }
  if (plan.inputRows !== undefined && rows !== plan.inputRows) {
    throw incomplete(location, `${rows} of ${plan.inputRows} input rows are committed`);
  }
}

function incomplete(location: string, problem: string): RunError {
  return new RunError(
    "RUN_INCOMPLETE",
    `The run in ${location} is not whole: ${problem}. Start it again with the same arguments to continue.`,
  );
}
