import type { FigureName, RejectedRow, RunStats } from "@nightbeam/run";
import type { ReadyUser } from "./users.js";

/** The figures that count rejected rows, by their reasons. */
const REASONS: Readonly<Record<string, FigureName>> = {
  malformed_row: "rejectedMalformed",
  empty_history: "rejectedEmpty",
  duplicate_user: "rejectedDuplicate",
  unknown_item: "rejectedUnknown",
  prompt_too_long: "rejectedTooLong",
  no_group: "rejectedGroup",
  unknown_group: "rejectedGroup",
  nothing_allowed: "rejectedGroup",
};

/** Counts skipped items, and rejected rows by reason. Figures that are zero are left out. */
export function rowStats(
  users: readonly Pick<ReadyUser, "skipped">[],
  rejected: readonly RejectedRow[],
): RunStats {
  const stats: Partial<Record<FigureName, number>> = {};
  const skipping = users.filter(({ skipped }) => skipped > 0);
  if (skipping.length > 0) {
    stats.skippedItems = skipping.reduce((sum, { skipped }) => sum + skipped, 0);
    stats.skippingUsers = skipping.length;
  }
  for (const { reason } of rejected) {
    const figure = REASONS[reason];
    if (figure !== undefined) stats[figure] = (stats[figure] ?? 0) + 1;
  }
  return stats;
}
