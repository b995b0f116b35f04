import { makeShop } from "../catalogue/make-shop.js";
import { ShopError } from "../errors.js";
import { writeShop } from "../files/write-shop.js";
import { measureBaselines } from "../measure/recall.js";
import { shopUsers } from "../users/shop-user.js";
import { parseOptions } from "./parse-options.js";

const SHOP_OPTIONS = ["--seed", "--items", "--users", "--from-user"];

/** `write-shop`: writes the files and returns lines that describe them. */
export async function writeShopCommand(args: readonly string[]): Promise<string[]> {
  const { out, ...sizes } = parseOptions(args, ["--out", ...SHOP_OPTIONS]);
  if (out === undefined) {
    throw new ShopError("BAD_OPTION", "--out is missing: name the directory for the shop's files");
  }
  const files = await writeShop({ directory: out, ...sizes });
  const { seed, items, users, fromUser } = sizes;
  const span = `users u${fromUser} to u${users - 1}`;
  return [
    `A shop from seed ${seed}:`,
    `  ${files.items}  ${items} items with category, brand and price tier`,
    `  ${files.histories}  the items of ${span}, oldest first`,
    `  ${files.heldOut}  the next item of each of them`,
  ];
}

/** `measure-shop`: Recall of simple counting on the held-out items. */
export async function measureShopCommand(args: readonly string[]): Promise<string[]> {
  const { seed, items, users, fromUser } = parseOptions(args, SHOP_OPTIONS);
  const shop = makeShop({ seed, items });
  const all = [...shopUsers({ shop, from: fromUser, to: users })];
  const { popularity, transitions } = measureBaselines({ counted: all, judged: all });
  return [
    `Recall@10 on the held-out items of ${all.length} users, seed ${seed}, ${items} items:`,
    `  popularity   ${popularity.toFixed(4)}`,
    `  transitions  ${transitions.toFixed(4)}`,
  ];
}
