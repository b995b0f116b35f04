import { describe, expect, it } from "vitest";
import {
  foldText,
  foldWord,
  gumbelsAt,
  noiseOf,
  uniformsAt,
} from "../../src/verification/noise/noise.js";
import { threefry } from "../../src/verification/noise/threefry.js";
import { chiSquare } from "./chi-square.js";

describe("threefry", () => {
  // The known answers that come with its authors' library, Random123.
  it.each([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      [0xc4923a9c, 0x483df7a0],
    ],
  ])("under key %j makes of %j the authors' %j", (key, counter, expected) => {
    const block = Uint32Array.from(counter);
    threefry(Uint32Array.from(key), block);
    expect([...block]).toEqual(expected);
  });
});

describe("noise", () => {
  it("is another at every seed, text and word", () => {
    const seeds = [0, 1, 2 ** 32, 2 ** 53 - 1].map(noiseOf);
    const texts = ["", "a", "ab", "b", "aa", "\u{1f600}", "ä"];
    const keys = seeds.flatMap((seed) => texts.map((text) => foldText(seed, text)));
    // A text is not a sequence of words, and a number is not a key.
    const words = keys.flatMap((key) => [key, foldWord(key, 97), foldWord(key, 98)]);
    expect(new Set(words.map(String)).size).toBe(keys.length * 3);
    const drawn = words.map((key) => uniformsAt(key, [97])[0]);
    expect(new Set(drawn).size).toBe(drawn.length);
  });

  it("is even over (0, 1), from word to word and from key to key", () => {
    const words = Array.from({ length: 20_000 }, (_, word) => word);
    const along = uniformsAt(noiseOf(1), words);
    const across = words.map((word) => uniformsAt(foldWord(noiseOf(2), word), [5])[0] ?? 0);
    for (const drawn of [along, across]) {
      const counts = new Array<number>(100).fill(0);
      expect(drawn.every((u) => u > 0 && u < 1)).toBe(true);
      for (const u of drawn) {
        const cell = Math.floor(u * 100);
        counts[cell] = (counts[cell] ?? 0) + 1;
      }
      expect(chiSquare(counts, new Array<number>(100).fill(200)).p).toBeGreaterThan(1e-4);
    }
  });

  it("has the Gumbel variables of its uniform numbers", () => {
    const key = foldText(noiseOf(3), "user");
    const expected = uniformsAt(key, [0, 1, 65_535]).map((u) => -Math.log(-Math.log(u)));
    expect(gumbelsAt(key, [0, 1, 65_535])).toEqual(expected);
  });
});
