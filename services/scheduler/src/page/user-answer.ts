import type { UserAnswer } from "@nightbeam/api";
import type { Titles } from "@nightbeam/dataset";
import type { FoundUser } from "@nightbeam/run";

/** What a run says about a user, with the titles of the items that it names. */
export function userAnswer(
  { part, list, history, search }: FoundUser,
  titles: Titles | undefined,
): UserAnswer {
  const items = list.items.map(({ item, score }) => ({ item, score }));
  const named = new Set([
    ...items.map(({ item }) => item),
    ...(history ?? []),
    ...(search?.nodes ?? []).flatMap(({ examples }) => examples),
  ]);
  return {
    user: list.user,
    shard: part,
    list: items,
    ...(history === undefined ? {} : { history }),
    ...(search === undefined ? {} : { search }),
    titles: Object.fromEntries(
      [...named].flatMap((item) => {
        const title = titles?.get(item);
        return title === undefined ? [] : [[item, title]];
      }),
    ),
  };
}
