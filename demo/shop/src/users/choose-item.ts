import type { Item, Shop } from "../catalogue/model.js";
import { pickWeighted, type Random } from "../random.js";
import type { Taste } from "./taste.js";

/** Factors of preference: for properties in line with the user's taste … */
const LIKED_BRAND = 6;
const LIKED_TIER = 3;
const LIKED_COLOUR = 4;
/** … and the properties that it shares with the item that it goes with. */
const SAME_BRAND = 3;
const SAME_FEATURE = 3;

/**
 * Draws an item of a kind by popularity, taste and similarity to `partner`.
 *
 * @returns undefined if all items of the kind are taken
 */
export function chooseItem(options: {
  readonly shop: Shop;
  readonly random: Random;
  readonly taste: Taste;
  /** Index of the kind. */
  readonly kind: number;
  readonly partner: Item | undefined;
  readonly taken: ReadonlySet<number>;
}): Item | undefined {
  const { shop, random, taste, kind, partner, taken } = options;
  const { items = [], category = 0 } = shop.kinds[kind] ?? {};
  const likedBrand = taste.brands.get(shop.categories[category]?.department ?? "");
  const weights = items.map((item) => {
    if (taken.has(item.id)) return 0;
    let weight = item.popularity;
    if (item.brand.name === likedBrand) weight *= LIKED_BRAND;
    if (item.brand.tier === taste.tier) weight *= LIKED_TIER;
    if (item.features.includes(taste.colour)) weight *= LIKED_COLOUR;
    return partner === undefined ? weight : weight * similarity(item, partner);
  });
  return items[pickWeighted(random, weights)];
}

function similarity(item: Item, partner: Item): number {
  let factor = item.brand.name === partner.brand.name ? SAME_BRAND : 1;
  for (const feature of item.features) {
    if (partner.features.includes(feature)) factor *= SAME_FEATURE;
  }
  return factor;
}
