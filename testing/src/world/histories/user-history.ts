import { createRandom, type Random } from "../random.js";
import { itemAtPlace } from "./scatter.js";

const LONGEST = 25;

/**
 * The items of one user, oldest first, as item numbers; no item twice.
 *
 * A user has one to three interests, which are places in the catalogue's path order, and mostly
 * takes items near one of them; popular items are taken more often. There is no state between
 * users, so memory does not grow with their number.
 *
 * @param user number of the user, from 0 @returns 1 to 25 items, fewer if the catalogue is tiny,
 * and `later` more
 */
export function userHistory(options: {
  readonly seed: number;
  readonly user: number;
  readonly items: number;
  /** Number of items after the history: the user's next items. Default 0. */
  readonly later?: number;
}): number[] {
  const { seed, user, items, later = 0 } = options;
  const random = createRandom(seed, `history of ${user}`);
  const drawn = 1 + Math.floor(LONGEST * random.uniform() ** 2);
  const length = Math.min(drawn + later, items);
  const interests = Array.from({ length: 1 + random.below(3) }, () => random.below(items));
  const taken = new Set<number>();
  while (taken.size < length) {
    const item = nextItem({ random, items, interests });
    // If the item is taken already, the next free one is used.
    taken.add(taken.has(item) ? freeItem({ from: item, items, taken }) : item);
  }
  return [...taken];
}

function nextItem(options: {
  readonly random: Random;
  readonly items: number;
  readonly interests: readonly number[];
}): number {
  const { random, items, interests } = options;
  const centre = interests[random.below(interests.length)] ?? 0;
  const wanders = random.uniform() < 0.15;
  let best = 0;
  let bestRank = Number.POSITIVE_INFINITY;
  // The most popular of a few candidates: skewed without a table of popularities.
  for (let candidate = 0; candidate < 4; candidate++) {
    const place = wanders
      ? random.below(items)
      : Math.round(centre + (items / 80) * random.gaussian());
    const item = itemAtPlace(((place % items) + items) % items, items);
    const rank = popularityRank(item);
    if (rank < bestRank) {
      best = item;
      bestRank = rank;
    }
  }
  return best;
}

function freeItem(options: {
  readonly from: number;
  readonly items: number;
  readonly taken: ReadonlySet<number>;
}): number {
  let item = options.from;
  while (options.taken.has(item)) item = (item + 1) % options.items;
  return item;
}

/** Lower is more popular; fixed for an item. In [0, 1). */
function popularityRank(item: number): number {
  const mixed = Math.imul(item ^ (item >>> 15), 0x2c1b3c6d);
  return (Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39) >>> 0) / 2 ** 32;
}
