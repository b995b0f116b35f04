import { describe, expect, test } from "vitest";
import { makeShop } from "../src/catalogue/make-shop.js";
import { parseDepartment } from "../src/catalogue/parse-department.js";
import { categoryPath } from "../src/files/write-shop.js";
import { DEPARTMENTS } from "../src/words/departments.js";

const shop = makeShop({ seed: 7 });

describe("the catalogue", () => {
  test("has 6,000 items with ids from 0 on", () => {
    expect(shop.items.map(({ id }) => id)).toEqual(Array.from({ length: 6_000 }, (_, i) => i));
  });

  test.each([
    { seed: 7, items: 6_000 },
    { seed: 8, items: 2_000 },
    { seed: 9, items: 12_000 },
  ])("gives every item its own name: $items items", (options) => {
    const { items } = makeShop(options);
    expect(new Set(items.map(({ name }) => name)).size).toBe(options.items);
  });

  test("is a tree: a kind is in one category, a category in one department", () => {
    const parents = new Map<string, string>();
    for (const item of shop.items) {
      const [department, category, kind] = categoryPath(shop, item);
      expect(parents.get(`category ${category}`) ?? department).toBe(department);
      expect(parents.get(`kind ${kind}`) ?? category).toBe(category);
      parents.set(`category ${category}`, department);
      parents.set(`kind ${kind}`, category);
    }
    expect(new Set(shop.categories.map(({ department }) => department)).size).toBe(11);
    expect(shop.categories.length).toBeGreaterThan(40);
    expect(shop.kinds.length).toBeGreaterThan(400);
  });

  test("describes every kind once", () => {
    const names = DEPARTMENTS.flatMap(parseDepartment).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  test("has no two brands of one name", () => {
    const brands = new Map(
      shop.categories.map(({ department, brands }) => [department, brands.map(({ name }) => name)]),
    );
    const all = [...brands.values()].flat();
    expect(new Set(all).size).toBe(all.length);
  });

  test("numbers volumes: a sequel is the next one of the same series", () => {
    const volumes = shop.items.filter(({ sequel }) => sequel !== undefined);
    expect(volumes.length).toBeGreaterThan(500);
    for (const { name, sequel } of volumes) {
      const next = name.replace(/\d+$/, (volume) => String(Number(volume) + 1));
      expect(shop.items[sequel ?? -1]?.name).toBe(next);
    }
  });

  test.each([0, 100, 2.5, 1_000_000])("refuses %d items", (items) => {
    expect(() => makeShop({ seed: 7, items })).toThrow(/--items is .*: give a whole number from/);
  });
});
