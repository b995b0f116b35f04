import type { Brand } from "./parse-department.js";

/** Something that the shop sells. */
export interface Item {
  /** 0 … items - 1; scattered over the catalogue, so that neighbours are not alike. */
  readonly id: number;
  readonly name: string;
  readonly brand: Brand;
  /** Place in `Shop.kinds`. */
  readonly kind: number;
  /** The choices that its name is made of, such as "2-person" and "green". */
  readonly features: readonly string[];
  /** How often it is taken among its kind, an integer above 0. */
  readonly popularity: number;
  /** Id of the next volume of a series, where there is one. */
  readonly sequel?: number;
}

/** The finest step of the category tree: tents. */
export interface Kind {
  readonly name: string;
  /** Place in `Shop.categories`. */
  readonly category: number;
  /** Most popular first; a series volume by volume. */
  readonly items: readonly Item[];
  /** Places of kinds that are taken next, likeliest first. */
  readonly goesWith: readonly number[];
  /** Places of kinds that an owner needs again and again. */
  readonly refills: readonly number[];
}

/** The middle step of the category tree: camping. */
export interface Category {
  readonly name: string;
  readonly department: string;
  /** Places in `Shop.kinds`, those that people begin with first. */
  readonly kinds: readonly number[];
  readonly brands: readonly Brand[];
  /** How many people it interests, an integer above 0. */
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
