import type { Titles } from "@nightbeam/dataset";

/** The items that a report names, each once. */
export class ItemTable {
  readonly #places = new Map<string, number>();

  placeOf(item: string): number {
    const place = this.#places.get(item) ?? this.#places.size;
    this.#places.set(item, place);
    return place;
  }

  get items(): string[] {
    return [...this.#places.keys()];
  }

  titles(titles: Titles | undefined): (string | null)[] {
    return this.items.map((item) => titles?.get(item) ?? null);
  }
}
