import { capacityOf } from "./make-kind-items.js";
import type { KindText } from "./parse-department.js";

/** A series takes as many items as this many other kinds. */
const SERIES_SHARE = 4;
/** Fewest items of a kind in a shop with something to choose from. */
const FEWEST = 3;

/** How many of a shop's items are of each kind; they add up to `items`. */
export function countsOfKinds(kinds: readonly KindText[], items: number): number[] {
  const all = sumOfShares(kinds);
  let share = 0;
  return kinds.map((kind) => {
    const from = Math.floor((items * share) / all);
    share += shareOf(kind);
    return Math.floor((items * share) / all) - from;
  });
}

/** The sizes of a shop for which every kind has enough items, and names for them. */
export function itemLimits(kinds: readonly KindText[]): { fewest: number; most: number } {
  const all = sumOfShares(kinds);
  const most = kinds.map((kind) => Math.floor((capacityOf(kind) * all) / shareOf(kind)));
  // A kind may get one item more than its share: where shares are rounded.
  return { fewest: FEWEST * all, most: Math.min(...most) - all };
}

function sumOfShares(kinds: readonly KindText[]): number {
  return kinds.reduce((sum, kind) => sum + shareOf(kind), 0);
}

function shareOf(kind: KindText): number {
  return kind.series ? SERIES_SHARE : 1;
}
