import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { makeShop } from "../catalogue/make-shop.js";
import type { Item, Shop } from "../catalogue/model.js";
import { shopUsers } from "../users/shop-user.js";
import { writeLines } from "./write-lines.js";

const USERS_AT_ONCE = 512;

export interface WriteShopOptions {
  readonly directory: string;
  /** Default 7. */
  readonly seed?: number;
  /** Default 6,000. */
  readonly items?: number;
  /** Users `fromUser` … `users` - 1 are written. Default 24,000. */
  readonly users?: number;
  /** Default 0. */
  readonly fromUser?: number;
}

/** Paths of a shop's files; JSONL. */
export interface ShopFiles {
  /** `{"item": "12", "name": "…", "category": ["Outdoor", "Camping", "Tents"], "brand": "…", "tier": "budget"}` */
  readonly items: string;
  /** `{"user": "u12", "history": ["4", "77"]}`, oldest first. */
  readonly histories: string;
  /** `{"user": "u12", "history": ["91"]}`: the user's next item. */
  readonly heldOut: string;
}

export async function writeShop(options: WriteShopOptions): Promise<ShopFiles> {
  const { directory, seed = 7, items = 6_000, users = 24_000, fromUser = 0 } = options;
  const shop = makeShop({ seed, items });
  const files: ShopFiles = {
    items: join(directory, "items.jsonl"),
    histories: join(directory, "histories.jsonl"),
    heldOut: join(directory, "held-out.jsonl"),
  };
  await mkdir(directory, { recursive: true });
  await writeItems(files, shop);
  await writeUsers({ files, shop, from: fromUser, to: users });
  return files;
}

async function writeItems(files: ShopFiles, shop: Shop): Promise<void> {
  const lines = shop.items.map((item) => {
    const { id, name, brand } = item;
    const category = categoryPath(shop, item);
    return { item: String(id), name, category, brand: brand.name, tier: brand.tier };
  });
  const file = await open(files.items, "w");
  try {
    await writeLines(file, lines);
  } finally {
    await file.close();
  }
}

/** Department, category and kind. */
export function categoryPath(shop: Shop, item: Item): [string, string, string] {
  const kind = shop.kinds[item.kind];
  const category = shop.categories[kind?.category ?? 0];
  return [category?.department ?? "", category?.name ?? "", kind?.name ?? ""];
}

async function writeUsers(options: {
  readonly files: ShopFiles;
  readonly shop: Shop;
  readonly from: number;
  readonly to: number;
}): Promise<void> {
  const { files, shop, from, to } = options;
  const histories = await open(files.histories, "w");
  const heldOut = await open(files.heldOut, "w");
  try {
    for (let block = from; block < to; block += USERS_AT_ONCE) {
      const users = [...shopUsers({ shop, from: block, to: Math.min(block + USERS_AT_ONCE, to) })];
      await writeLines(
        histories,
        users.map(({ name, history }) => ({ user: name, history: history.map(String) })),
      );
      await writeLines(
        heldOut,
        users.map((user) => ({ user: user.name, history: [String(user.heldOut)] })),
      );
    }
  } finally {
    await histories.close();
    await heldOut.close();
  }
}
