import type { Catalogue } from "@nightbeam/catalogue";
import type { HistoryRow } from "@nightbeam/dataset";
import type { HistorySource, StoredHistory } from "./history-source.js";
import { grown, UserTable, words32 } from "./user-table.js";

/**
 * Histories in memory, by user: four bytes per item, and per user the name and some twelve bytes. Of a user with several
 * rows, the last counts.
 */
export class HistoryIndex implements HistorySource {
  readonly #catalogue: Catalogue;
  readonly #users = new UserTable();
  /** Items of the catalogue by index; others by `itemCount` and the place in `#others`. */
  #items = new Uint32Array(16_384);
  #itemCount = 0;
  /** Where the items of a user begin and end: two values per user. */
  #places = new Float64Array(2_048);
  readonly #others: string[] = [];
  readonly #otherIndex = new Map<string, number>();
  /** What few users have: texts and groups. */
  readonly #more = new Map<number, Omit<StoredHistory, "items">>();

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  /** Number of users. */
  get size(): number {
    return this.#users.size;
  }

  /** Adds the rows that have a history. */
  add(rows: readonly HistoryRow[]): void {
    for (const row of rows) {
      if (row.kind !== "history") continue;
      const user = this.#users.add(row.user);
      const begin = this.#itemCount;
      this.#itemCount += row.items.length;
      this.#items = grown(this.#items, { length: this.#itemCount, make: words32 });
      row.items.forEach((id, at) => {
        this.#items[begin + at] = this.#numberOf(id);
      });
      this.#places = grown(this.#places, {
        length: 2 * (user + 1),
        make: (length) => new Float64Array(length),
      });
      this.#places[2 * user] = begin;
      this.#places[2 * user + 1] = this.#itemCount;
      const { texts, groups } = row;
      if (texts !== undefined || groups !== undefined) this.#more.set(user, { texts, groups });
    }
  }

  async historyOf(name: string): Promise<StoredHistory | undefined> {
    const user = this.#users.find(name);
    if (user === undefined) return undefined;
    const [begin = 0, end = 0] = this.#places.subarray(2 * user, 2 * user + 2);
    const items = Array.from(this.#items.subarray(begin, end), (number) => this.#idOf(number));
    return { ...this.#more.get(user), items };
  }

  #numberOf(id: string): number {
    const index = this.#catalogue.itemIndex(id);
    if (index !== undefined) return index;
    let other = this.#otherIndex.get(id);
    if (other === undefined) {
      other = this.#others.push(id) - 1;
      this.#otherIndex.set(id, other);
    }
    return this.#catalogue.itemCount + other;
  }

  #idOf(number: number): string {
    const { itemCount } = this.#catalogue;
    return number < itemCount
      ? this.#catalogue.itemId(number)
      : (this.#others[number - itemCount] ?? "");
  }
}
