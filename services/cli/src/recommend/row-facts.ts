import type { FigureName, RunStats } from "@nightbeam/run";
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

const COMPUTED: readonly (readonly [FigureName, string])[] = [
  ["computedNew", "are new"],
  ["computedChanged", "have another history or exclusions"],
  ["computedCatalogue", "could have another list in the new catalogue"],
];

/** Whose lists were taken from an earlier run, and why the others were computed; empty if none was to be reused. */
export function reuseFacts({
  reuse,
  stats,
}: {
  readonly reuse?: { readonly run: string; readonly refused?: string } | undefined;
  readonly stats: RunStats;
}): [name: string, value: string][] {
  if (reuse === undefined) return [];
  const { run, refused } = reuse;
  if (refused !== undefined) return [["reused", `nothing: ${refused}`]];
  const computed = COMPUTED.flatMap(([figure, words]) => {
    const count = stats[figure] ?? 0;
    return count === 0 ? [] : `${whole(count)} ${words}`;
  });
  return [
    ["reused", `${whole(stats.reusedUsers ?? 0)} users' lists, from ${run}`],
    ["computed", computed.join(", ") || "none"],
  ];
}
