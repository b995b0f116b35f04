import type { Catalogue, Exclusion } from "@nightbeam/catalogue";
import type { Recommendation, RecommendedItem } from "@nightbeam/dataset";
import { readRecommendations } from "@nightbeam/run";
import { grown, UserTable, words32 } from "../histories/user-table.js";

/** An item of a list, without its codes. */
export type ListedItem = Omit<RecommendedItem, "codes">;

/** The lists of a complete run in memory, by user: twenty bytes per item. Items that the catalogue lacks are left out. */
export class NightLists {
  readonly #catalogue: Catalogue;
  readonly #users = new UserTable();
  #items = new Uint32Array(16_384);
  /** Score and log-likelihood of each item. */
  #scores = new Float64Array(2 * 16_384);
  #itemCount = 0;
  /** Where the items of a user begin and end: two values per user. */
  #places = new Float64Array(2_048);

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  /** Number of users. */
  get size(): number {
    return this.#users.size;
  }

  add(lists: readonly Recommendation[]): void {
    const doubles = (length: number) => new Float64Array(length);
    for (const { user: name, items } of lists) {
      const user = this.#users.add(name);
      const begin = this.#itemCount;
      const end = begin + items.length;
      this.#items = grown(this.#items, { length: end, make: words32 });
      this.#scores = grown(this.#scores, { length: 2 * end, make: doubles });
      for (const { item, score, logProb = score } of items) {
        const index = this.#catalogue.itemIndex(item);
        if (index === undefined) continue;
        const at = this.#itemCount++;
        this.#items[at] = index;
        this.#scores[2 * at] = score;
        this.#scores[2 * at + 1] = logProb;
      }
      this.#places = grown(this.#places, { length: 2 * (user + 1), make: doubles });
      this.#places[2 * user] = begin;
      this.#places[2 * user + 1] = this.#itemCount;
    }
  }

  /** The items of a user's list that are not excluded, best first, at most `topK`. Undefined if there is no such list. */
  listOf(
    name: string,
    { exclusion, topK }: { readonly exclusion: Exclusion; readonly topK: number },
  ): readonly ListedItem[] | undefined {
    const user = this.#users.find(name);
    if (user === undefined) return undefined;
    const [begin = 0, end = 0] = this.#places.subarray(2 * user, 2 * user + 2);
    const list: ListedItem[] = [];
    for (let at = begin; at < end && list.length < topK; at++) {
      const index = this.#items[at] ?? 0;
      if (exclusion.hasItem(index)) continue;
      const [score = 0, logProb = 0] = this.#scores.subarray(2 * at, 2 * at + 2);
      list.push({ item: this.#catalogue.itemId(index), score, logProb });
    }
    return list.length === 0 ? undefined : list;
  }
}

/** Reads the lists of a complete run. @throws RunError, DatasetError */
export async function openNightLists(directory: string, catalogue: Catalogue): Promise<NightLists> {
  const lists = new NightLists(catalogue);
  for await (const batch of readRecommendations(directory)) lists.add(batch);
  return lists;
}
