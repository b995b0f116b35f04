import { type Recommendation, sharedItems } from "@nightbeam/dataset";

/** How the lists of some users differ between two runs. */
export interface SampleComparison {
  /** Users with a list in both. */
  readonly sampledUsers: number;
  /** Absent without such users. */
  readonly overlap?: number;
  readonly sameFirst?: number;
  readonly topScore?: { readonly before: number; readonly now: number };
}

/** Compares the lists of the users that both sides have. Empty lists do not count. */
export function compareSamples(
  before: Iterable<Recommendation>,
  now: Iterable<Recommendation>,
): SampleComparison {
  const lists = new Map<string, Recommendation["items"]>();
  for (const { user, items } of before) if (items.length > 0) lists.set(user, items);
  let [users, overlap, sameFirst] = [0, 0, 0];
  const scores = { before: 0, now: 0 };
  for (const { user, items } of now) {
    const old = lists.get(user);
    const [first] = items;
    const [oldFirst] = old ?? [];
    if (old === undefined || first === undefined || oldFirst === undefined) continue;
    users++;
    overlap += sharedItems(items, old) / items.length;
    if (first.item === oldFirst.item) sameFirst++;
    scores.before += oldFirst.score;
    scores.now += first.score;
  }
  if (users === 0) return { sampledUsers: 0 };
  return {
    sampledUsers: users,
    overlap: overlap / users,
    sameFirst: sameFirst / users,
    topScore: { before: scores.before / users, now: scores.now / users },
  };
}
