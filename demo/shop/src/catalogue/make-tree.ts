import { createRandom, shuffled } from "../random.js";
import { type Category, type Item, type Kind, zipfWeight } from "./model.js";
import type { KindText } from "./parse-department.js";

/** Users' interest in a category falls with 1/(rank + this): the first has ten times that of the
 * last. */
const RANK_OFFSET = 5;

/** Kinds in the order of `texts`, each with its items, and their categories. */
export function makeTree(options: {
  readonly seed: number;
  readonly texts: readonly KindText[];
  readonly itemsOfKind: readonly (readonly Item[])[];
}): { kinds: Kind[]; categories: Category[] } {
  const { seed, texts, itemsOfKind } = options;
  const placesOf = placesByName(texts);
  const titles = [...new Set(texts.map(({ category }) => category))];
  const kinds = texts.map(({ name, category, goesWith, refills }, place) => ({
    name,
    category: titles.indexOf(category),
    items: itemsOfKind[place] ?? [],
    goesWith: placesOf(goesWith),
    refills: placesOf(refills),
  }));
  const ranks = shuffled(createRandom(seed, "categories"), titles.length);
  const categories = titles.map((name, place) => {
    const own = texts.filter(({ category }) => category === name);
    return {
      name,
      department: own[0]?.department ?? "",
      kinds: placesOf(own.map((kind) => kind.name)),
      brands: own[0]?.brands ?? [],
      popularity: zipfWeight(ranks[place] ?? 0, RANK_OFFSET),
    };
  });
  return { kinds, categories };
}

function placesByName(texts: readonly KindText[]): (names: readonly string[]) => number[] {
  const places = new Map(texts.map(({ name }, place) => [name, place]));
  return (names) =>
    names.map((name) => {
      const place = places.get(name);
      if (place === undefined) throw new RangeError(`no kind of items is called "${name}"`);
      return place;
    });
}
