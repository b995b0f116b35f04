import { thrownBy } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildCatalogue } from "../src/build.js";
import type { Catalogue } from "../src/catalogue.js";
import { CatalogueError } from "../src/errors.js";
import { type Sections, sectionsOf } from "../src/layout.js";
import { decodePrepared, encodePrepared, readCounts } from "../src/prepared.js";
import { entries, someEntries } from "./arbitraries.js";

function itemsOf(catalogue: Catalogue): unknown[] {
  return Array.from({ length: catalogue.itemCount }, (_, index) => {
    const id = catalogue.itemId(index);
    return { id, found: catalogue.itemIndex(id), leaf: catalogue.leafOf(index) };
  });
}

const small = entries("x 1 2 3", "y 1 2 3", "z 4 0 65535");

/** A catalogue's arrays, which are read-only elsewhere. */
function writable({ prepared }: Catalogue): Sections {
  return sectionsOf(prepared.buffer, readCounts(prepared));
}

describe("prepared catalogues", () => {
  it("come back whole, from shared or private memory, at any offset", () => {
    fc.assert(
      fc.property(someEntries, fc.boolean(), fc.nat({ max: 9 }), (source, isShared, offset) => {
        const catalogue = buildCatalogue(source);
        const bytes = encodePrepared(catalogue);
        const size = bytes.length + offset;
        const memory = isShared ? new SharedArrayBuffer(size) : new ArrayBuffer(size);
        const placed = new Uint8Array(memory, offset);
        placed.set(bytes);
        const decoded = decodePrepared(placed);
        expect(decoded.hash).toBe(catalogue.hash);
        expect(decoded.trie).toEqual(catalogue.trie);
        expect(decoded.codesPerLevel).toEqual(catalogue.codesPerLevel);
        expect(itemsOf(decoded)).toEqual(itemsOf(catalogue));
        expect(encodePrepared(decoded)).toEqual(bytes);
      }),
    );
  });

  it("are the same bytes for the same items in any order", () => {
    const turned = encodePrepared(buildCatalogue([...small].reverse()));
    expect(turned).toEqual(encodePrepared(buildCatalogue(small)));
  });

  it("share their memory with every receiver of a structured clone", () => {
    const catalogue = buildCatalogue(small);
    const received = decodePrepared(structuredClone(catalogue.prepared), { verify: false });
    const trie = structuredClone(catalogue.trie);
    writable(catalogue).codes[1] = 777;
    expect(received.trie.codes[1]).toBe(777);
    expect(trie.codes[1]).toBe(777);
  });

  it("are refused when any byte is changed", () => {
    const bytes = Buffer.from(encodePrepared(buildCatalogue(small)));
    for (let at = 0; at < bytes.length; at++) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      const error = thrownBy(() => decodePrepared(changed));
      expect(error).toBeInstanceOf(CatalogueError);
      expect(error).toMatchObject({ code: "BAD_PREPARED_FILE" });
    }
  });

  it("are refused when bytes are missing or added", () => {
    const bytes = encodePrepared(buildCatalogue(small));
    for (let length = 0; length < bytes.length; length++) {
      const cut = thrownBy(() => decodePrepared(bytes.slice(0, length), { verify: false }));
      expect(cut).toMatchObject({ code: "BAD_PREPARED_FILE" });
    }
    const longer = Uint8Array.from([...bytes, 0]);
    expect(() => decodePrepared(longer)).toThrow(/header promises.*Prepare the catalogue again/);
  });

  it("say what is wrong with foreign bytes, other versions and contradictions", () => {
    const foreign = new TextEncoder().encode(JSON.stringify({ item: ["<a_1>"] }).repeat(20));
    expect(() => decodePrepared(foreign)).toThrow(/does not begin as one/);
    const later = Uint8Array.from(encodePrepared(buildCatalogue(small)));
    later[8] = 2;
    expect(() => decodePrepared(later)).toThrow(/format version is 2/);
    const contradictory = buildCatalogue(small);
    writable(contradictory).levelStart[1] = 5;
    const bytes = encodePrepared(contradictory);
    expect(() => decodePrepared(bytes, { verify: false })).toThrow(/contradict/);
  });
});
