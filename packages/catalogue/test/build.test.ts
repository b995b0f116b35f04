import { createHash } from "node:crypto";
import { thrownBy } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { buildCatalogue, CatalogueBuilder } from "../src/build.js";
import { CatalogueError } from "../src/errors.js";
import { encodePrepared } from "../src/prepared.js";
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
    [
      "DUPLICATE_ITEM",
      ["x 1 2", "y 1 2", "x 3 4"],
      /^item "x" is listed twice, with the codes 1 2 and 3 4\. .*once/,
    ],
    [
      "DUPLICATE_ITEM",
      ["x 1 2", "x 1 2"],
      /^item "x" is listed twice, both times with the codes 1 2/,
    ],
  ])("answers %s for %j, naming the place and the remedy", (code, lines, message) => {
    const error = thrownBy(() => buildCatalogue(entries(...lines)));
    expect(error).toBeInstanceOf(CatalogueError);
    expect(error).toMatchObject({ code, name: "CatalogueError" });
    expect(error).toHaveProperty("message", expect.stringMatching(message));
  });

  it("adds entries one at a time, and a refused one leaves no trace", () => {
    const builder = new CatalogueBuilder();
    for (const entry of entries("x 1 2", "y 1 3")) builder.add(entry);
    for (const entry of entries("bad 1 65536", "uneven 1", " 1 3")) {
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
    expect(() => buildCatalogue(many)).toThrow(
      /^item "4321" is listed twice, with the codes 0 0 and 2 4321/,
    );
  });

  it.each([
    [20_000, 2, 300, "7a6b862a15057b25e54fd0026752413d"],
    [20_000, 3, 30, "fffa1379171bcf1f0a1549db9d9d0d71"],
    [70_000, 4, 256, "45ac6def6b2e60b49a6bde84dff64926"],
    [5_000, 8, 65_536, "91080391ef1c3f7e2ebb18d36c4b5091"],
    [1, 2, 5, "56c9706f4982188b5dd36894a32792a3"],
    [3_000, 5, 2, "7dbdc1d1ad0a7c9c0024e7376784bf6e"],
  ])(
    "%i items of %i × %i codes have the bytes that they have always had",
    (items, levels, codes, digest) => {
      const prepared = encodePrepared(buildCatalogue(synthetic({ items, levels, codes })));
      expect(createHash("sha256").update(prepared).digest("hex").slice(0, 32)).toBe(digest);
    },
  );
});

/** Items whose ids and codes come from a small generator; one in 97 is not ASCII, and paths are shared. */
function* synthetic({ items, levels, codes }: { items: number; levels: number; codes: number }) {
  let state = 1;
  const draw = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let i = 0; i < items; i++) {
    const id = i % 97 === 0 ? `é-${draw(10)}-${i}` : `${draw(1000)}-${i}`;
    yield { id, codes: Array.from({ length: levels }, () => draw(codes)), where: `line ${i + 1}` };
  }
}
