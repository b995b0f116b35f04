import type { ShopUser } from "../users/shop-user.js";

const LIST = 10;

/** Recall@10 on the held-out items, between 0 and 1, of lists without the user's own items. */
export interface Baselines {
  /** Of the best-selling items, the same for all users. */
  readonly popularity: number;
  /** Of the most frequent successors of the user's latest item. */
  readonly transitions: number;
}

/**
 * Recall of simple counting over histories, the baseline for a model.
 *
 * @param users.counted users whose histories are counted @param users.judged users whose held-out
 * items are predicted
 */
export function measureBaselines(users: {
  counted: Iterable<ShopUser>;
  judged: readonly ShopUser[];
}): Baselines {
  const { counted, judged } = users;
  const sold = new Map<number, number>();
  const following = new Map<number, Map<number, number>>();
  for (const { history } of counted) {
    for (const [place, item] of history.entries()) {
      increase(sold, item);
      const next = history[place + 1];
      if (next === undefined) continue;
      const counts = following.get(item) ?? new Map<number, number>();
      following.set(item, increase(counts, next));
    }
  }
  const bestsellers = ranked(sold);
  const successors = new Map([...following].map(([item, counts]) => [item, ranked(counts)]));
  const successorsOf = ({ history }: ShopUser) => successors.get(history.at(-1) ?? -1) ?? [];
  return {
    popularity: recall(judged, () => bestsellers),
    transitions: recall(judged, successorsOf),
  };
}

function increase(counts: Map<number, number>, item: number): Map<number, number> {
  return counts.set(item, 1 + (counts.get(item) ?? 0));
}

/** Highest count first, ties by id. */
function ranked(counts: ReadonlyMap<number, number>): number[] {
  return [...counts].sort(([a, x], [b, y]) => y - x || a - b).map(([item]) => item);
}

function recall(
  users: readonly ShopUser[],
  recommend: (user: ShopUser) => readonly number[],
): number {
  const hits = users.filter((user) => {
    const list: number[] = [];
    for (const item of recommend(user)) {
      if (list.length === LIST) break;
      if (!user.history.includes(item)) list.push(item);
    }
    return list.includes(user.heldOut);
  });
  return hits.length / users.length;
}
