import type { RunCost } from "../cost/run-cost.js";
import { RunError } from "../errors.js";
import { firstRowOf, type RunPlan } from "../plan.js";
import type { ReuseNote } from "../reuse/reuse-record.js";
import { finiteStats, type RunStats, type RunTotals, sumStats } from "../statistics/run-stats.js";
import { REJECTED_FILE } from "./names.js";
import type { RunOrigin } from "./origin.js";
import type { Manifest, PartRecord } from "./records.js";

/**
 * Verifies that the committed parts are the whole run, and makes its manifest. The caller writes it,
 * after the file of rejected rows.
 *
 * @throws RunError RUN_INCOMPLETE
 */
export function makeManifest(options: {
  /** The directory or store, for messages. */
  readonly location: string;
  readonly plan: RunPlan;
  /** In order of their index. */
  readonly records: readonly PartRecord[];
  /** What was written beside the plan. Default: nothing. */
  readonly origin: RunOrigin | undefined;
  /** Default: no list was taken from another run. */
  readonly reuse?: ReuseNote | undefined;
  /** Default: not known. */
  readonly cost?: RunCost | undefined;
  /** Computes more figures from the sums. */
  readonly derive: ((totals: RunTotals) => RunStats) | undefined;
  readonly createdAt: Date;
}): Manifest {
  const { location, plan, records, origin, reuse, cost, derive, createdAt } = options;
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
    layout: plan.layout ?? "nested",
    users: totals.users,
    rejected: totals.rejected,
    rejectedFile: REJECTED_FILE,
    stats: finiteStats({ ...totals.stats, ...derive?.(totals) }),
    ...(cost === undefined ? {} : { cost }),
    versions: plan.versions,
    arguments: plan.arguments,
    ...(reuse === undefined ? {} : { reuse }),
    ...origin,
    ...widthsUsed(records),
    parts: records.map((record) => {
      const { file, rows, bytes, sha256, firstRow, rowCount, teacherLog } = record;
      const { searches, answers } = record;
      return {
        ...{ file, rows, bytes, sha256, firstRow, rowCount, teacherLog },
        ...(searches === undefined ? {} : { searches }),
        ...(answers === undefined ? {} : { answers }),
      };
    }),
  };
}

/** The draft widths of the parts, the most frequent first. */
function widthsUsed(records: readonly PartRecord[]): Pick<Manifest, "draftWidths"> {
  const used = new Map<string, { widths: number[]; parts: number }>();
  for (const { draftWidths: widths } of records) {
    if (widths === undefined) continue;
    const one = used.get(widths.join()) ?? { widths, parts: 0 };
    one.parts++;
    used.set(widths.join(), one);
  }
  if (used.size === 0) return {};
  return { draftWidths: [...used.values()].sort((a, b) => b.parts - a.parts) };
}

/** Parts follow each other without a gap up to the planned end; all but the last are full. */
function verifyWhole(location: string, plan: RunPlan, records: readonly PartRecord[]): void {
  let rows = 0;
  for (const [position, record] of records.entries()) {
    const isLast = position === records.length - 1;
    const full = isLast || record.rowCount === plan.partSize;
    if (record.index !== position || record.firstRow !== firstRowOf(plan, position) || !full) {
      throw incomplete(location, `part ${position} is not committed, or not full`);
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
    `The run in ${location} is not complete: ${problem}. Start it again with the same arguments to continue.`,
  );
}
