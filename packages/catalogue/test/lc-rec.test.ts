import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { thrownBy } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildCatalogue } from "../src/build.js";
import { CatalogueError } from "../src/errors.js";
import { parseLcRecIndex } from "../src/lc-rec.js";
import { levelWidths } from "../src/trie.js";
import { someEntries } from "./arbitraries.js";

const shared = process.env.NIGHTBEAM_SHARED ?? join(import.meta.dirname, "../../../../shared");
const beauty = join(shared, "data/beauty/items.index.json");

describe("parseLcRecIndex", () => {
  it("reads what a JSON writer writes, indented or not", () => {
    fc.assert(
      fc.property(someEntries, fc.constantFrom(0, 2), (source, indent) => {
        const index = Object.fromEntries(
          source.map(({ id, codes }) => [
            id,
            Array.from(codes, (code, level) => `<${"abcdefgh"[level]}_${code}>`),
          ]),
        );
        const catalogue = parseLcRecIndex(JSON.stringify(index, null, indent));
        expect(catalogue.hash).toBe(buildCatalogue(source).hash);
      }),
    );
  });

  it("reads escapes, white space and a byte-order mark", () => {
    const text = '\ufeff {\r\n "caf\\u00e9" :\t["\\u003ca_1>" , "<b_2>"]\n} ';
    expect(parseLcRecIndex(text).itemId(0)).toBe("café");
  });

  it.each([
    [
      "DUPLICATE_ITEM",
      '{"7": ["<a_1>","<b_2>"], "8": ["<a_1>","<b_2>"], "7": ["<a_1>","<b_2>"]}',
      /^item "7": /,
    ],
    ["DUPLICATE_ITEM", '{"a": ["<a_1>","<b_2>"], "\\u0061": ["<a_1>","<b_3>"]}', /^item "a": /],
    ["BAD_CODE", '{"7": ["<a_1>","<c_2>"]}', /^item "7": "<c_2>" at level 2 .*letter.*<b_123>/],
    ["BAD_CODE", '{"7": ["<a_1>","<b_2"]}', /^item "7": "<b_2" at level 2 is not a code token/],
    ["BAD_CODE", '{"7": ["<a_01>","<b_2>"]}', /^item "7": "<a_01>"/],
    ["BAD_CODE", '{"7": ["<a_-1>","<b_2>"]}', /^item "7": "<a_-1>"/],
    ["CODE_OUT_OF_RANGE", '{"7": ["<a_1>","<b_65536>"]}', /^item "7": .*65536/],
    ["UNEVEN_LEVELS", '{"7": ["<a_1>","<b_2>"], "8": ["<a_1>","<b_2>","<c_3>"]}', /^item "8": /],
    ["LEVELS_OUT_OF_RANGE", '{"7": []}', /^item "7": /],
    ["BAD_ITEM_ID", '{"": ["<a_1>","<b_2>"]}', /^item "": .*empty/],
    ["EMPTY", "{}", /no items/],
    ["BAD_JSON", "", /^line 1, column 1: expected "{"/],
    ["BAD_JSON", '[["<a_1>"]]', /expected "{"/],
    ["BAD_JSON", '{"7": ["<a_1>","<b_2>"]', /expected "}"/],
    ["BAD_JSON", '{"7": ["<a_1>","<b_2>"],}', /expected an item id/],
    ["BAD_JSON", '{"7": ["<a_1>","<b_2>"]} {}', /end of the text/],
    ["BAD_JSON", '{"7"\n ["<a_1>"]}', /^line 2, column 2: expected ":" after item "7"/],
    ["BAD_JSON", '{"7": null}', /of item "7", found "null/],
    ["BAD_JSON", '{"7": [1, true]}', /a code token of item "7", found "true/],
    ["CODE_OUT_OF_RANGE", '{"7": [1, -1]}', /^item "7": the code of level 2 is -1/],
    ["BAD_CODE", '{"7": [1.5, 1]}', /^item "7": 1.5 at level 1/],
    [
      "LEVELS_OUT_OF_RANGE",
      '{"7": ["<a_1>","<b_2>"], "8": []}',
      /^item "8": the item has no codes/,
    ],
    ["BAD_ITEM_ID", '{"<a_1><b_2>": "7"}', /code paths as keys, such as "<a_1><b_2>"/],
    ["BAD_JSON", '{"7": ["<a_1>" "<b_2>"]}', /among the codes of item "7"/],
    ["BAD_JSON", '{"7": ["<a_1>', /closing quote/],
    ["BAD_JSON", '{"7\\x": []}', /escapes/],
    ["BAD_JSON", '{"7\n": []}', /control characters/],
  ])("answers %s for %s", (code, text, message) => {
    const error = thrownBy(() => parseLcRecIndex(text));
    expect(error).toBeInstanceOf(CatalogueError);
    expect(error).toMatchObject({ code });
    expect(error).toHaveProperty("message", expect.stringMatching(message));
  });

  it.skipIf(!existsSync(beauty))(
    "reads the Beauty index (skipped where data/beauty/items.index.json is not in NIGHTBEAM_SHARED)",
    () => {
      const catalogue = parseLcRecIndex(readFileSync(beauty, "utf8"));
      expect(catalogue.itemCount).toBe(12_035);
      expect(levelWidths(catalogue.trie)).toEqual([1, 91, 6539, 11_172, 12_023]);
      expect(Math.max(...catalogue.codesPerLevel)).toBe(256);
    },
  );
});
