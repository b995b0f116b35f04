import { type Random, shuffled } from "../random.js";
import { type Item, zipfWeight } from "./model.js";
import type { KindText } from "./parse-department.js";

const VOLUMES = 6;
/** Sales fall with 1/(rank + this). */
const RANK_OFFSET = 6;

/** An item without its id and kind; its sequel, if it has one, is the next draft. */
export type Draft = Omit<Item, "id" | "kind" | "sequel"> & { readonly hasSequel: boolean };

/** Number of distinct item names of a kind. */
export function capacityOf(kind: KindText): number {
  const names = kind.pattern.reduce((product, choices) => product * choices.length, 1);
  return names * (kind.series ? VOLUMES : kind.brands.length);
}

/** `count` different items, most popular first; the volumes of a series are consecutive. */
export function makeKindItems(options: {
  readonly random: Random;
  readonly kind: KindText;
  readonly count: number;
}): Draft[] {
  return options.kind.series ? makeVolumes(options) : makeGoods(options);
}

function makeGoods(options: {
  readonly random: Random;
  readonly kind: KindText;
  readonly count: number;
}): Draft[] {
  const { random, kind, count } = options;
  return shuffled(random, capacityOf(kind))
    .slice(0, count)
    .map((number, rank) => {
      const brand = kind.brands[number % kind.brands.length] ?? { name: "", tier: "standard" };
      const { text, features } = spell(kind, Math.floor(number / kind.brands.length));
      const popularity = zipfWeight(rank, RANK_OFFSET);
      return { name: `${brand.name} ${text}`, brand, features, popularity, hasSequel: false };
    });
}

function makeVolumes(options: {
  readonly random: Random;
  readonly kind: KindText;
  readonly count: number;
}): Draft[] {
  const { random, kind, count } = options;
  const titles = shuffled(random, capacityOf(kind) / VOLUMES);
  const brands = titles.map(() => kind.brands[random.below(kind.brands.length)]);
  return Array.from({ length: count }, (_, place) => {
    const rank = Math.floor(place / VOLUMES);
    const volume = 1 + (place % VOLUMES);
    const brand = brands[rank] ?? { name: "", tier: "standard" };
    const { text, features } = spell(kind, titles[rank] ?? 0);
    return {
      name: `${brand.name}: ${text} ${volume}`,
      brand,
      features,
      // Few users start in the middle of a series.
      popularity: Math.floor(zipfWeight(rank, RANK_OFFSET) / (volume * volume)),
      hasSequel: volume < VOLUMES && place + 1 < count,
    };
  });
}

/** The name with this number among all names of a pattern. */
function spell(kind: KindText, number: number): { text: string; features: string[] } {
  const features: string[] = [];
  let rest = number;
  const parts = kind.pattern.map((choices) => {
    const choice = choices[rest % choices.length] ?? "";
    rest = Math.floor(rest / choices.length);
    if (choices.length > 1) features.push(choice);
    return choice;
  });
  return { text: parts.join(""), features };
}
