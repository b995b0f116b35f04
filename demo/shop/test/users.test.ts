import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { makeShop } from "../src/catalogue/make-shop.js";
import type { Item } from "../src/catalogue/model.js";
import { categoryPath } from "../src/files/write-shop.js";
import { measureBaselines } from "../src/measure/recall.js";
import { shopUser, shopUsers } from "../src/users/shop-user.js";

const shop = makeShop({ seed: 7 });
const users = [...shopUsers({ shop, from: 0, to: 2_500 })];

describe("users", () => {
  test("and items are the same on every machine", () => {
    const hash = createHash("sha256");
    for (const { name } of shop.items) hash.update(`${name}\n`);
    for (const user of users.slice(0, 200)) hash.update(`${JSON.stringify(user)}\n`);
    expect(hash.digest("hex").slice(0, 16)).toBe("d1de01711f6f0c98");
  });

  test("differ by seed", () => {
    const other = makeShop({ seed: 8 });
    expect(other.items[0]?.name).not.toBe(shop.items[0]?.name);
    expect(shopUser(other, 0).history).not.toEqual(shopUser(shop, 0).history);
  });

  test("do not depend on the users before them", () => {
    expect([...shopUsers({ shop, from: 2_000, to: 2_010 })]).toEqual(users.slice(2_000, 2_010));
  });

  test("have 8 to 40 items and take none twice", () => {
    const lengths = users.map(({ history }) => history.length);
    expect(Math.min(...lengths)).toBe(8);
    expect(Math.max(...lengths)).toBeGreaterThan(35);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(40);
    for (const { history, heldOut } of users) {
      expect(new Set([...history, heldOut]).size).toBe(history.length + 1);
    }
  });

  test("follow their items: transitions predict the next item far better than popularity", () => {
    const { popularity, transitions } = measureBaselines({ counted: users, judged: users });
    expect(popularity).toBeLessThan(0.03);
    expect(transitions).toBeGreaterThan(3 * popularity);
    expect(transitions).toBeGreaterThan(0.08);
  });

  test("continue a series in order", () => {
    let inOrder = 0;
    let others = 0;
    for (const { history } of users) {
      for (const [place, id] of history.entries()) {
        const sequel = shop.items[id]?.sequel;
        const later = sequel === undefined ? -1 : history.indexOf(sequel);
        if (later > place) inOrder++;
        else if (later >= 0) others++;
      }
    }
    expect(inOrder).toBeGreaterThan(10 * others);
  });

  test("stay with their preferred brands", () => {
    let pairs = 0;
    let same = 0;
    for (const { history } of users.slice(0, 500)) {
      const items = history.flatMap((id) => shop.items[id] ?? []);
      for (const [place, item] of items.entries()) {
        for (const other of items.slice(place + 1)) {
          if (departmentOf(other) !== departmentOf(item)) continue;
          pairs++;
          if (other.brand.name === item.brand.name) same++;
        }
      }
    }
    // A department has seven brands: without preferences, one pair in seven would be equal.
    expect(same / pairs).toBeGreaterThan(2 / 7);
  });
});

function departmentOf(item: Item): string {
  return categoryPath(shop, item)[0];
}
