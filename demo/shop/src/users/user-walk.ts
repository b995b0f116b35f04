import { type Item, type Shop, zipfWeight } from "../catalogue/model.js";
import { pickWeighted, type Random } from "../random.js";
import { chooseItem } from "./choose-item.js";
import { drawSessionCategory, drawTaste, driftTaste, type Taste } from "./taste.js";

/** Number of items per session: 3 to 8. */
const SHORTEST_SESSION = 3;
const SESSION_SPREAD = 6;
/** Percentages of sessions: those before which an interest changes, … */
const DRIFT = 12;
/** … those that start with a next volume, if there is one, … */
const CONTINUES = 40;
/** … and, of the others, those that start with a refill, if an item needs one. */
const REFILLS = 40;
/** Percentages of steps: those to the next volume, if the latest item has one, … */
const SEQUEL = 40;
/** … of the others, those to an item that goes with one of the session, … */
const GOES_WITH = 40;
/** … of the others, those to any item of the shop, … */
const IMPULSE = 12;
/** … and, of the others, those that stay in the category; the rest go to one of the user's
 * interests. */
const SAME_CATEGORY = 60;
/** Percentage of companions that go with the latest item, not with an earlier one. */
const LATEST = 40;

/**
 * One user's walk through the shop, one item at a time and none twice.
 *
 * A session starts with the next volume of a series, with a refill, or with a typical first kind of
 * one of the user's interests. It continues with sequels, with kinds that go with the session's
 * items, in the same brand, size and colour if there are such items, and occasionally with
 * something else. The order matters: the next item depends mostly on the session, partly on series
 * that were started long ago, and within a kind on the taste that the history shows.
 */
export class UserWalk {
  readonly #shop: Shop;
  readonly #random: Random;
  readonly #taste: Taste;
  readonly #taken = new Set<number>();
  /** Ids of next volumes, most recent last. */
  readonly #sequels = new Set<number>();
  readonly #refilled: Item[] = [];
  #session: Item[] = [];
  #left = 0;

  constructor(shop: Shop, random: Random) {
    this.#shop = shop;
    this.#random = random;
    this.#taste = drawTaste(shop, random);
  }

  next(): Item {
    const begins = this.#left === 0;
    if (begins) this.#openSession();
    this.#left--;
    const item = (begins ? this.#firstItem() : this.#followingItem()) ?? this.#anyItem();
    this.#take(item);
    return item;
  }

  #openSession(): void {
    const { chance, below } = this.#random;
    this.#session = [];
    this.#left = SHORTEST_SESSION + below(SESSION_SPREAD);
    if (chance(DRIFT)) {
      driftTaste({ shop: this.#shop, random: this.#random, taste: this.#taste });
    }
  }

  #firstItem(): Item | undefined {
    const { chance, below } = this.#random;
    if (this.#sequels.size > 0 && chance(CONTINUES)) return this.#shop.items[this.#lastSequel()];
    const owned = this.#refilled[below(this.#refilled.length)];
    if (owned !== undefined && chance(REFILLS))
      return this.#companionAmong(owned, this.#refillsOf(owned));
    return this.#starter(drawSessionCategory(this.#taste, this.#random));
  }

  #followingItem(): Item | undefined {
    const { chance, below } = this.#random;
    const last = this.#session.at(-1);
    if (last === undefined) return undefined;
    if (last.sequel !== undefined && this.#sequels.has(last.sequel) && chance(SEQUEL)) {
      return this.#shop.items[last.sequel];
    }
    if (chance(GOES_WITH)) {
      const item = this.#askingItem(last);
      const found = this.#companionAmong(item, this.#companionsOf(item));
      if (found !== undefined) return found;
    }
    if (chance(IMPULSE)) return this.#starter(below(this.#shop.categories.length));
    const here = this.#shop.kinds[last.kind]?.category ?? 0;
    const elsewhere = drawSessionCategory(this.#taste, this.#random);
    return this.#starter(chance(SAME_CATEGORY) ? here : elsewhere);
  }

  /** The item of the session that the next one goes with. */
  #askingItem(last: Item): Item {
    const { chance, below } = this.#random;
    const earlier = this.#session[below(this.#session.length)];
    return chance(LATEST) ? last : (earlier ?? last);
  }

  /** An item of one of these kinds that goes with `item`; the first kinds are the most likely. */
  #companionAmong(item: Item, kinds: readonly number[]): Item | undefined {
    const weights = kinds.map((_, rank) => zipfWeight(rank, 2));
    const kind = kinds[pickWeighted(this.#random, weights)];
    return kind === undefined ? undefined : this.#choose(kind, item);
  }

  #starter(category: number): Item | undefined {
    const { kinds = [] } = this.#shop.categories[category] ?? {};
    const visited = this.#visitedKinds();
    const weights = kinds.map((kind, rank) => (visited.has(kind) ? 0 : zipfWeight(rank, 4)));
    const kind = kinds[pickWeighted(this.#random, weights)];
    return kind === undefined ? undefined : this.#choose(kind, undefined);
  }

  #choose(kind: number, partner: Item | undefined): Item | undefined {
    const taken = this.#taken;
    const shop = this.#shop;
    return chooseItem({ shop, random: this.#random, taste: this.#taste, kind, partner, taken });
  }

  /** Kinds that go with an item and are not in the session; a kind may go with itself. */
  #companionsOf({ kind }: Item): number[] {
    const visited = this.#visitedKinds();
    const { goesWith = [] } = this.#shop.kinds[kind] ?? {};
    return goesWith.filter((other) => other === kind || !visited.has(other));
  }

  #visitedKinds(): Set<number> {
    return new Set(this.#session.map((item) => item.kind));
  }

  #refillsOf({ kind }: Item): readonly number[] {
    return this.#shop.kinds[kind]?.refills ?? [];
  }

  #lastSequel(): number {
    return [...this.#sequels].at(-1) ?? 0;
  }

  /** Any item of the shop, if the user has all of a kind. */
  #anyItem(): Item {
    const { items } = this.#shop;
    const from = this.#random.below(items.length);
    const free = (item: Item) => !this.#taken.has(item.id);
    const item = items.slice(from).find(free) ?? items.find(free);
    if (item === undefined) throw new RangeError("the user has taken everything in the shop");
    return item;
  }

  #take(item: Item): void {
    this.#taken.add(item.id);
    this.#session.push(item);
    this.#sequels.delete(item.id);
    if (item.sequel !== undefined && !this.#taken.has(item.sequel)) this.#sequels.add(item.sequel);
    if (this.#refillsOf(item).length > 0) this.#refilled.push(item);
  }
}
