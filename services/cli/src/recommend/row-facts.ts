import type { RunStats } from "@nightbeam/run";
import { whole } from "@nightbeam/service/terminal";

/** Exit code of a run that is complete without a single list. */
export const NO_LISTS = 5;

const REASONS = [
  ["rejectedMalformed", "cannot be read"],
  ["rejectedEmpty", "have no items"],
  ["rejectedDuplicate", "belong to a user with several rows (--duplicate-users)"],
  ["rejectedUnknown", "have items that the catalogue lacks (--unknown-items)"],
  ["rejectedTooLong", "are too long for the model"],
  ["rejectedGroup", "have no allow-list by their groups (--user-groups)"],
] as const;

/** Why rows have no list, and which items were skipped; empty if all is well. */
export function rowFacts(stats: RunStats): [name: string, value: string][] {
  const { skippedItems = 0, skippingUsers = 0 } = stats;
  const why = REASONS.flatMap(([figure, words]) => {
    const count = stats[figure];
    return count === undefined ? [] : [`${whole(count)} ${words}`];
  });
  const skipped = `${whole(skippedItems)} that the catalogue lacks, of ${whole(skippingUsers)} users`;
  return [
    ...(why.length === 0 ? [] : [["rows set aside", why.join(", ")] satisfies [string, string]]),
    ...(skippedItems === 0 ? [] : [["items skipped", skipped] satisfies [string, string]]),
  ];
}
