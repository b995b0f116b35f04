import { type Item, type Shop, zipfWeight } from "../catalogue/model.js";
import { pickWeighted, type Random } from "../random.js";
import { chooseItem } from "./choose-item.js";
import { drawSessionCategory, drawTaste, driftTaste, type Taste } from "./taste.js";

/** Items of a session: 3 to 8. */
const SHORTEST_SESSION = 3;
const SESSION_SPREAD = 6;
/** In a hundred sessions: those before which an interest changes, … */
const DRIFT = 12;
/** … those that begin with the next volume of something, where there is one, … */
const CONTINUES = 40;
/** … and, of the others, those that begin with a refill, where something needs it. */
const REFILLS = 40;
/** In a hundred steps: those to the next volume, where the latest item has one, … */
const SEQUEL = 40;
/** … of the others, those to what goes with an item of the session, … */
const GOES_WITH = 40;
/** … of the others, those to anything in the shop, … */
const IMPULSE = 12;
/** … and, of the others, those that stay in the category; the rest go to one that the user likes. */
const SAME_CATEGORY = 60;
/** In a hundred: how often the item that the next one goes with is the latest, not one before. */
const LATEST = 40;

/**
 * One user's way through the shop, an item at a time and none twice.
 *
 * A session begins with the next volume of a series, with what is needed again, or with a kind that
 * people of one of the user's interests begin with. It goes on to sequels, to kinds that go with what the
 * session has taken, in the same brand, size and colour where there are such items, and now and then
 * somewhere else. The order matters: most of what comes next is told by the session, some of it by
 * series that lie open for long, and which item of a kind it is by the taste that the history shows.
 */
export class UserWalk {
  readonly #shop: Shop;
  readonly #random: Random;
  readonly #taste: Taste;
  readonly #taken = new Set<number>();
  /** Ids of next volumes, those of the latest taken last. */
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
    if (owned !== undefined && chance(REFILLS)) return this.#beside(owned, this.#refillsOf(owned));
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
      const found = this.#beside(item, this.#companionsOf(item));
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

  /** An item of one of these kinds that suits `item`; the first kinds are the likeliest. */
  #beside(item: Item, kinds: readonly number[]): Item | undefined {
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

  #choose(kind: number, beside: Item | undefined): Item | undefined {
    const taken = this.#taken;
    const shop = this.#shop;
    return chooseItem({ shop, random: this.#random, taste: this.#taste, kind, beside, taken });
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

  /** When a kind is sold out for this user: whatever the shop has. */
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
