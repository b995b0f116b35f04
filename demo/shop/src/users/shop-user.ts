import type { Shop } from "../catalogue/model.js";
import { createRandom } from "../random.js";
import { UserWalk } from "./user-walk.js";

const SHORTEST = 8;
const SPREAD = 17;

export interface ShopUser {
  /** "u12". */
  readonly name: string;
  /** Item ids, oldest first; 8 to 40, none twice. */
  readonly history: readonly number[];
  /** Id of the user's next item. */
  readonly heldOut: number;
}

/** One user; depends only on the shop's seed and the user's number. */
export function shopUser(shop: Shop, user: number): ShopUser {
  const random = createRandom(shop.seed, `user ${user}`);
  const length = SHORTEST + random.below(SPREAD) + random.below(SPREAD);
  const walk = new UserWalk(shop, random);
  const history = Array.from({ length }, () => walk.next().id);
  return { name: `u${user}`, history, heldOut: walk.next().id };
}

/** Users `from` … `to` - 1, generated lazily: memory does not grow with their number. */
export function* shopUsers(options: {
  readonly shop: Shop;
  readonly from: number;
  readonly to: number;
}): Generator<ShopUser> {
  const { shop, from, to } = options;
  for (let user = from; user < to; user++) yield shopUser(shop, user);
}
