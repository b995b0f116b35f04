import type { Brand } from "./parse-department.js";

/** Something that the shop sells. */
export interface Item {
  /** 0 … items - 1; in random order, so that neighbouring ids are not similar. */
  readonly id: number;
  readonly name: string;
  readonly brand: Brand;
  /** Index in `Shop.kinds`. */
  readonly kind: number;
  /** The variable parts of its name, such as "2-person" and "green". */
  readonly features: readonly string[];
  /** Weight of the item within its kind, an integer above 0. */
  readonly popularity: number;
  /** Id of the next volume of a series, if there is one. */
  readonly sequel?: number;
}

/** The lowest level of the category tree, such as tents. */
export interface Kind {
  readonly name: string;
  /** Index in `Shop.categories`. */
  readonly category: number;
  /** Most popular first; volumes of a series in order. */
  readonly items: readonly Item[];
  /** Indices of the kinds that are taken next, most likely first. */
  readonly goesWith: readonly number[];
  /** Indices of the kinds that an owner needs regularly. */
  readonly refills: readonly number[];
}

/** The middle level of the category tree, such as camping. */
export interface Category {
  readonly name: string;
  readonly department: string;
  /** Indices in `Shop.kinds`, starting with those that users take first. */
  readonly kinds: readonly number[];
  readonly brands: readonly Brand[];
  /** Weight of the category, an integer above 0. */
  readonly popularity: number;
}

export interface Shop {
  readonly seed: number;
  /** By id. */
  readonly items: readonly Item[];
  readonly kinds: readonly Kind[];
  readonly categories: readonly Category[];
}

/** Weights 1/(rank + offset) as integers: Zipf's law without a fraction. */
export function zipfWeight(rank: number, offset: number): number {
  return Math.floor(5_040 / (rank + offset));
}
