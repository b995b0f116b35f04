import { type Category, type Shop, zipfWeight } from "../catalogue/model.js";
import { type Brand, TIERS, type Tier } from "../catalogue/parse-department.js";
import { pickWeighted, type Random } from "../random.js";
import { PALETTES } from "../words/palettes.js";

/** A user's permanent traits; only interests change. */
export interface Taste {
  /** Indices in `Shop.categories`, strongest interest first; 3 to 5. */
  readonly interests: number[];
  readonly tier: Tier;
  /** The preferred brand, by department. */
  readonly brands: ReadonlyMap<string, string>;
  readonly colour: string;
}

export function drawTaste(shop: Shop, random: Random): Taste {
  const count = 3 + random.below(3);
  const interests: number[] = [];
  for (let i = 0; i < count; i++) interests.push(drawInterest({ shop, random, interests }));
  const tier = TIERS[pickWeighted(random, [2, 3, 2])] ?? "standard";
  const brands = new Map<string, string>();
  for (const { department, brands: offered } of shop.categories) {
    if (!brands.has(department)) brands.set(department, drawBrand({ random, offered, tier }));
  }
  const colours = (PALETTES.colour ?? "").split("|");
  return { interests, tier, brands, colour: colours[random.below(colours.length)] ?? "" };
}

/** Replaces the weakest interest with a new one. */
export function driftTaste(options: {
  readonly shop: Shop;
  readonly random: Random;
  readonly taste: Taste;
}): void {
  const { shop, random, taste } = options;
  const { interests } = taste;
  interests.pop();
  const found = drawInterest({ shop, random, interests });
  // A new interest is strong: it moves back the older ones, the first as often as the second.
  interests.splice(random.below(2), 0, found);
}

/** The index of the interest that a session is about. */
export function drawSessionCategory(taste: Taste, random: Random): number {
  const weights = taste.interests.map((_, rank) => zipfWeight(rank, 1));
  return taste.interests[pickWeighted(random, weights)] ?? 0;
}

/** A category that is not yet an interest; two in three are in a department with an interest. */
function drawInterest(options: {
  readonly shop: Shop;
  readonly random: Random;
  readonly interests: readonly number[];
}): number {
  const { shop, random, interests } = options;
  const liked = new Set(interests.map((place) => shop.categories[place]?.department));
  const weight = (category: Category, place: number) => {
    if (interests.includes(place)) return 0;
    return category.popularity * (liked.has(category.department) ? 20 : 1);
  };
  return pickWeighted(random, shop.categories.map(weight));
}

function drawBrand(options: {
  readonly random: Random;
  readonly offered: readonly Brand[];
  readonly tier: Tier;
}): string {
  const { random, offered, tier } = options;
  const weights = offered.map((brand) => (brand.tier === tier ? 8 : 1));
  return offered[pickWeighted(random, weights)]?.name ?? "";
}
