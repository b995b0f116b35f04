import { capacityOf } from "./make-kind-items.js";
import type { KindText } from "./parse-department.js";

/** A series has as many items as this many other kinds. */
const SERIES_SHARE = 4;
/** Minimum number of items of a kind. */
const MIN_ITEMS = 3;

/** Number of items of each kind; they add up to `items`. */
export function countsOfKinds(kinds: readonly KindText[], items: number): number[] {
  const all = sumOfShares(kinds);
  let share = 0;
  return kinds.map((kind) => {
    const from = Math.floor((items * share) / all);
    share += shareOf(kind);
    return Math.floor((items * share) / all) - from;
  });
}

/** The range of sizes for which every kind has enough items and enough names. */
export function itemLimits(kinds: readonly KindText[]): { min: number; max: number } {
  const all = sumOfShares(kinds);
  const limits = kinds.map((kind) => Math.floor((capacityOf(kind) * all) / shareOf(kind)));
  // Rounding may give a kind one item more than its share.
  return { min: MIN_ITEMS * all, max: Math.min(...limits) - all };
}

function sumOfShares(kinds: readonly KindText[]): number {
  return kinds.reduce((sum, kind) => sum + shareOf(kind), 0);
}

function shareOf(kind: KindText): number {
  return kind.series ? SERIES_SHARE : 1;
}
