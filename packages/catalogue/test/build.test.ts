import { thrownBy } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { buildCatalogue, CatalogueBuilder } from "../src/build.js";
import { CatalogueError } from "../src/errors.js";
import { entries } from "./arbitraries.js";

const tooMany = "x 1 2 3 4 5 6 7 8 9";

describe("buildCatalogue", () => {
  it.each([
    ["EMPTY", [], /no items.*Check/],
    ["UNEVEN_LEVELS", ["x 1 2 3", "y 1 2"], /^line 2: 2 codes.*have 3.*same number/],
    ["LEVELS_OUT_OF_RANGE", ["x 1"], /^line 1: .* is 1\. .*2 to 8/],
    ["LEVELS_OUT_OF_RANGE", [tooMany], /^line 1: .* is 9\. .*2 to 8/],
    ["CODE_OUT_OF_RANGE", ["x 1 2", "y 1 65536"], /^line 2: .*level 2 is 65536.*0 to 65535/],
    ["CODE_OUT_OF_RANGE", ["x -1 2"], /^line 1: .*level 1 is -1/],
    ["BAD_CODE", ["x 1 2.5"], /^line 1: .*level 2 is 2.5.*whole numbers/],
    ["BAD_CODE", ["x 1 two"], /^line 1: .*level 2 is NaN/],
    ["BAD_ITEM_ID", [" 1 2"], /^line 1: .*empty.*Give/],
    ["BAD_ITEM_ID", ["\udc00 1 2"], /^line 1: .*Unicode.*UTF-8/],
    ["DUPLICATE_ITEM", ["x 1 2", "y 1 2", "x 3 4"], /^line 3: .*"x".*number 1\. .*once/],
    ["DUPLICATE_ITEM", ["x 1 2", "x 1 2"], /^line 2: /],
  ])("answers %s for %j, naming the place and the remedy", (code, lines, message) => {
    const error = thrownBy(() => buildCatalogue(entries(...lines)));
    expect(error).toBeInstanceOf(CatalogueError);
    expect(error).toMatchObject({ code, name: "CatalogueError" });
    expect(error).toHaveProperty("message", expect.stringMatching(message));
  });

  it("adds entries one at a time, and a refused one leaves no trace", () => {
    const builder = new CatalogueBuilder();
    for (const entry of entries("x 1 2", "y 1 3")) builder.add(entry);
    for (const entry of entries("bad 1 65536", "x 1 9", "uneven 1")) {
      expect(() => builder.add(entry)).toThrow(CatalogueError);
    }
    expect(builder.build().hash).toBe(buildCatalogue(entries("y 1 3", "x 1 2")).hash);
  });

  it("finds a duplicate among many items", () => {
    const many = Array.from({ length: 5000 }, (_, i) => ({
      id: `${i}`,
      codes: [i % 7, i % 65_536],
      where: `line ${i + 1}`,
    }));
    expect(buildCatalogue(many).itemCount).toBe(5000);
    many.push({ id: "4321", codes: [0, 0], where: "line 5001" });
    expect(() => buildCatalogue(many)).toThrow(/^line 5001: item "4321" .* number 4322/);
  });
});
