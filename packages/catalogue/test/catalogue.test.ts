import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildCatalogue, type CatalogueEntry } from "../src/build.js";
import { findPrefix, pathOf } from "../src/trie.js";
import { entries, someEntries } from "./arbitraries.js";

/** The canonical form as the documentation has it, written again. */
function expectedHash(source: readonly CatalogueEntry[]): string {
  const rows = source.map(({ id, codes }) => {
    const path = Buffer.alloc(codes.length * 2);
    const sortable = Buffer.alloc(codes.length * 2);
    Array.from(codes).forEach((code, level) => {
      path.writeUInt16LE(code, level * 2);
      sortable.writeUInt16BE(code, level * 2);
    });
    const name = Buffer.from(id, "utf8");
    const length = Buffer.alloc(4);
    length.writeUInt32LE(name.length);
    return { key: Buffer.concat([sortable, name]), row: Buffer.concat([path, length, name]) };
  });
  rows.sort((a, b) => Buffer.compare(a.key, b.key));
  const head = `nightbeam-catalogue 1 levels=${source[0]?.codes.length} items=${source.length}\n`;
  const hash = createHash("sha256").update(head);
  for (const { row } of rows) hash.update(row);
  return hash.digest("hex");
}

describe("a catalogue", () => {
  it("finds every item, its path and the items beside and below it", () => {
    fc.assert(
      fc.property(someEntries, (source) => {
        const catalogue = buildCatalogue(source);
        const { trie } = catalogue;
        expect(catalogue.itemCount).toBe(source.length);
        for (const { id, codes } of source) {
          const path = Array.from(codes);
          const index = catalogue.itemIndex(id) ?? Number.NaN;
          const leaf = catalogue.leafOf(index);
          expect(catalogue.itemId(index)).toBe(id);
          expect(pathOf(trie, leaf)).toEqual(path);
          const beside = Array.from(catalogue.itemsAt(leaf));
          expect(beside).toEqual(beside.map((_, i) => (beside[0] ?? 0) + i));
          const names = source.filter((other) => `${Array.from(other.codes)}` === `${path}`);
          expect(new Set(beside.map((item) => catalogue.itemId(item)))).toEqual(
            new Set(names.map((other) => other.id)),
          );
          for (let depth = 0; depth <= trie.levels; depth++) {
            const prefix = path.slice(0, depth);
            const under = source.filter(
              (other) => `${Array.from(other.codes).slice(0, depth)}` === `${prefix}`,
            );
            expect(catalogue.itemsUnder(findPrefix(trie, prefix))).toBe(under.length);
          }
        }
        expect(catalogue.itemIndex("no such item")).toBeUndefined();
      }),
    );
  });

  it("orders items by leaf, then by the bytes of the id", () => {
    const catalogue = buildCatalogue(
      entries("b 1 1", "é 0 5", "aa 1 1", "a 1 1", "z 0 5", "c 1 0"),
    );
    const ids = Array.from({ length: 6 }, (_, index) => catalogue.itemId(index));
    expect(ids).toEqual(["z", "é", "c", "a", "aa", "b"]);
    expect(Array.from(catalogue.codesPerLevel)).toEqual([2, 6]);
  });

  it("has a content hash that anyone can compute, in any order of the source", () => {
    fc.assert(
      fc.property(someEntries, fc.infiniteStream(fc.nat()), (source, draws) => {
        const keyed = source.map((entry) => ({ entry, key: draws.next().value ?? 0 }));
        const shuffled = keyed.sort((a, b) => a.key - b.key).map(({ entry }) => entry);
        expect(buildCatalogue(source).hash).toBe(expectedHash(source));
        expect(buildCatalogue(shuffled).hash).toBe(expectedHash(source));
      }),
    );
  });

  it("has another hash when an item moves or is renamed", () => {
    const hashes = [
      buildCatalogue(entries("x 1 2", "y 1 3")).hash,
      buildCatalogue(entries("x 1 3", "y 1 2")).hash,
      buildCatalogue(entries("x 1 2", "z 1 3")).hash,
      buildCatalogue(entries("x 1 2")).hash,
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it("hashes and finds ids longer than its working buffers", () => {
    const id = "long".repeat(20_000);
    const source = [...entries("x 1 2", "y 1 2"), { id, codes: [1, 2], where: "line 3" }];
    const catalogue = buildCatalogue(source);
    expect(catalogue.hash).toBe(expectedHash(source));
    expect(catalogue.itemId(catalogue.itemIndex(id) ?? Number.NaN)).toBe(id);
  });

  it("keeps a byte-order mark in front of an id", () => {
    const catalogue = buildCatalogue(entries("\ufeffx 1 2", "x 1 2"));
    expect(catalogue.itemId(catalogue.itemIndex("\ufeffx") ?? Number.NaN)).toBe("\ufeffx");
  });

  it("refuses indices and nodes that it does not have", () => {
    const catalogue = buildCatalogue(entries("x 1 2", "y 1 3"));
    for (const index of [-1, 2, 0.5, Number.NaN]) {
      expect(() => catalogue.itemId(index)).toThrow(RangeError);
      expect(() => catalogue.leafOf(index)).toThrow(RangeError);
    }
    for (const node of [-1, 0, 1, 4, 2.5]) {
      expect(() => catalogue.itemsAt(node)).toThrow(/not a leaf/);
    }
    expect(() => catalogue.itemsUnder(4)).toThrow(RangeError);
    expect(catalogue.itemIndex("\ud800")).toBeUndefined();
  });
});
