import type { Recommendation } from "./recommendation.js";

/** The first difference between two sequences of lists. */
export interface ListDifference {
  /** The position of the list, from 0. */
  readonly list: number;
  /** The position in the list, from 0; undefined if the users differ or a sequence has ended. */
  readonly rank: number | undefined;
  /** The users of both sides; undefined for a sequence that has ended. */
  readonly users: readonly [string | undefined, string | undefined];
  /** The items of both sides; undefined if a list has ended, or no items were compared. */
  readonly items: readonly [string | undefined, string | undefined];
}

export interface ListComparison {
  /** Whether users, items and order are the same. */
  readonly same: boolean;
  /** Number of lists of the longer side. */
  readonly lists: number;
  /** Number of lists that differ in user, items or order. */
  readonly different: number;
  /** Number of items at the same position of the same user's list on both sides. */
  readonly sameItems: number;
  /** Over these items; 0 if there are none. */
  readonly largestScoreDifference: number;
  /** Undefined if there is no difference. */
  readonly first: ListDifference | undefined;
}

/** Compares two sequences of lists in order, with one batch of each in memory. */
export async function compareLists(
  a: AsyncIterable<readonly Recommendation[]>,
  b: AsyncIterable<readonly Recommendation[]>,
): Promise<ListComparison> {
  const left = singly(a);
  const right = singly(b);
  let lists = 0;
  let different = 0;
  let sameItems = 0;
  let largestScoreDifference = 0;
  let first: ListDifference | undefined;
  try {
    for (; ; lists++) {
      const [one, other] = await Promise.all([left.next(), right.next()]);
      if (one.done === true && other.done === true) break;
      const pair = [one.value, other.value] as const;
      for (const scores of sharedScores(pair)) {
        sameItems++;
        largestScoreDifference = Math.max(largestScoreDifference, Math.abs(scores[0] - scores[1]));
      }
      const difference = differenceOf(lists, pair);
      if (difference === undefined) continue;
      different++;
      first ??= difference;
    }
  } finally {
    await Promise.all([left.return(undefined), right.return(undefined)]);
  }
  return { same: different === 0, lists, different, sameItems, largestScoreDifference, first };
}

/** How many items of a list are in the other one too, in any order. */
export function sharedItems(one: Recommendation["items"], other: Recommendation["items"]): number {
  const items = new Set(other.map(({ item }) => item));
  return one.filter(({ item }) => items.has(item)).length;
}

type Pair = readonly [Recommendation | undefined, Recommendation | undefined];

function differenceOf(list: number, [one, other]: Pair): ListDifference | undefined {
  const users = [one?.user, other?.user] as const;
  if (one === undefined || other === undefined || one.user !== other.user) {
    return { list, rank: undefined, users, items: [undefined, undefined] };
  }
  const length = Math.max(one.items.length, other.items.length);
  for (let rank = 0; rank < length; rank++) {
    const items = [one.items[rank]?.item, other.items[rank]?.item] as const;
    if (items[0] !== items[1]) return { list, rank, users, items };
  }
  return undefined;
}

/** The scores of both sides for items at the same position. */
function sharedScores([one, other]: Pair): [number, number][] {
  if (one === undefined || other === undefined || one.user !== other.user) return [];
  return one.items.flatMap(({ item, score }, rank): [number, number][] => {
    const match = other.items[rank];
    return match?.item === item ? [[score, match.score]] : [];
  });
}

async function* singly(
  lists: AsyncIterable<readonly Recommendation[]>,
): AsyncGenerator<Recommendation, undefined, undefined> {
  for await (const batch of lists) yield* batch;
  return undefined;
}
