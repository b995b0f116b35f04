import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { thrownBy } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildCatalogue, CatalogueBuilder } from "../src/build.js";
import { CatalogueError } from "../src/errors.js";
import { LcRecReader, parseLcRecIndex } from "../src/lc-rec.js";
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
      /^item "7" is listed twice/,
    ],
    ["DUPLICATE_ITEM", '{"a": ["<a_1>","<b_2>"], "\\u0061": ["<a_1>","<b_3>"]}', /^item "a" is/],
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

  it("reads an index in pieces as in one, whatever its spelling and wherever it is cut", () => {
    const spelled = fc.constantFrom(
      (letter: string, code: number) => `"<${letter}_${code}>"`,
      (letter: string, code: number) => ` "<${letter}_${code}>"\n`,
      (letter: string, code: number) => `"\\u003c${letter}_${code}>"`,
      (_: string, code: number) => String(code),
    );
    const padding = fc.constantFrom("", " ", "\n\t", " ".repeat(5000));
    const styles = fc.array(fc.tuple(spelled, padding), { minLength: 1, maxLength: 5 });
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 });
    fc.assert(
      fc.property(someEntries, styles, cuts, (source, spellings, places) => {
        const items = source.map(({ id, codes }, nth) => {
          const [spell, pad] = spellings[nth % spellings.length] ?? [String, ""];
          const path = Array.from(codes, (code, level) => spell("abcdefgh"[level] ?? "", code));
          return `${pad}${JSON.stringify(id)}:[${path.join(",")}]`;
        });
        const bytes = Buffer.from(`{${items.join(",")}}`);
        const ends = places.map((place) => Math.floor(place * bytes.length));
        const builder = new CatalogueBuilder();
        const reader = new LcRecReader(builder);
        let from = 0;
        for (const end of [...ends.toSorted((a, b) => a - b), bytes.length]) {
          reader.push(bytes.subarray(from, end));
          from = end;
        }
        reader.end();
        expect(builder.build().hash).toBe(buildCatalogue(source).hash);
      }),
    );
  });

  it("names the line and column of a fault far behind the start, and how an index ends", () => {
    const lines = Array.from(
      { length: 20_000 },
      (_, i) => `"é${i % 3 === 0 ? "" : "e"}${i}": ["<a_1>", "<b_${i}>"]`,
    );
    const text = `{${lines.join(",\n")}`;
    expect(() => parseLcRecIndex(`${text},\n "x" ["<a_1>", "<b_2>"]}`)).toThrow(
      /^line 20001, column 6: expected ":" after item "x", found "\[/,
    );
    expect(() => parseLcRecIndex(text)).toThrow(/^line 20000, .* found the end of the text/);
    expect(parseLcRecIndex(`${text}}\n`).itemCount).toBe(20_000);
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
