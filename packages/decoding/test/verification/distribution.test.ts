import { childCodes, excludeItems, NOTHING_EXCLUDED, pathOf } from "@nightbeam/catalogue";
import { catalogueOf } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import type { Beams } from "../../src/index.js";
import { beginSearch } from "../../src/verification/verification.js";
import { pathsOf } from "../support/arbitraries.js";
import { chiSquare } from "./chi-square.js";
import { inclusions, openPaths, orderedPairs, population, sampledModel } from "./exact.js";

/** Uneven: prefixes with one child, with two, with four; one path has two items. */
const catalogue = catalogueOf([
  [0, 0, 0],
  [0, 0, 1],
  [0, 0, 2],
  [0, 0, 3],
  [0, 1, 0],
  [1, 2, 0],
  [1, 2, 1],
  [1, 3, 2],
  [2, 0, 0],
  [3, 1, 1],
  [3, 1, 1],
  [3, 2, 0],
]);
const { trie } = catalogue;
const prompt = Int32Array.of(4, 2);
const DRAWS = 10_000;
/** Below it a distribution is refused. The seeds are fixed, so that a test passes always or never. */
const MIN_P = 1e-3;

/** Draws with other seeds each time. */
function draws(options: {
  temperature: number;
  size: number;
  exclusion?: typeof NOTHING_EXCLUDED;
  scoring?: "full" | "renormalized";
  count?: number;
}): Beams[] {
  const {
    temperature,
    size,
    exclusion = NOTHING_EXCLUDED,
    scoring = "full",
    count = DRAWS,
  } = options;
  const rows = Array.from({ length: trie.levelStart[trie.levels] ?? 0 }, (_, prefix) =>
    Float64Array.from(
      sampledModel.logProbs(prompt, {
        path: pathOf(trie, prefix),
        codes: [...childCodes(trie, prefix)],
      }),
    ),
  );
  return Array.from({ length: count }, (_, seed) => {
    const verification = { kind: "sampled", seed, temperature } as const;
    const space = { trie, scoring, exclusion };
    const search = beginSearch(space, { beamWidth: size, verification, name: "user" });
    for (const [prefix, row] of rows.entries()) search.learn(prefix, row);
    return search.advance().beams;
  });
}

function exact(temperature: number, exclusion = NOTHING_EXCLUDED) {
  const paths = openPaths(catalogue, { exclusion, paths: pathsOf(catalogue) });
  return population({ catalogue, paths, model: sampledModel, prompt, temperature });
}

const CASES = [
  { temperature: 1, exclusion: NOTHING_EXCLUDED, scoring: "full" },
  { temperature: 1, exclusion: NOTHING_EXCLUDED, scoring: "renormalized" },
  { temperature: 0.5, exclusion: NOTHING_EXCLUDED, scoring: "full" },
  { temperature: 3, exclusion: NOTHING_EXCLUDED, scoring: "full" },
  // A leaf, an inner node, and one item of two on a path, which closes nothing.
  { temperature: 1, exclusion: excludeItems(catalogue, [1, 5, 6, 9]), scoring: "full" },
  { temperature: 1, exclusion: excludeItems(catalogue, [1, 5, 6, 9]), scoring: "renormalized" },
] as const;

describe.each(CASES)("a sample of %j", ({ temperature, exclusion, scoring }) => {
  const target = exact(temperature, exclusion);
  const drawn = draws({ temperature, exclusion, scoring, size: 3 });
  const place = new Map(target.leaves.map((leaf, at) => [leaf, at]));
  const placesOf = ({ prefixes }: Beams) => [...prefixes].map((leaf) => place.get(leaf) ?? -1);

  it("begins with each code path as often as its probability says", () => {
    const counts = countsOf(drawn.map((beams) => placesOf(beams)[0] ?? -1));
    const chances = (given: readonly number[]) => given.map((chance) => chance * DRAWS);
    expect(chiSquare(counts, chances(target.probabilities)).p).toBeGreaterThan(MIN_P);
    // The test would notice a temperature that is off by a fifth.
    const other = exact(temperature * 1.2, exclusion);
    expect(chiSquare(counts, chances(other.probabilities)).p).toBeLessThan(1e-9);
  });

  it("has the ordered pairs of drawing without replacement", () => {
    const many = target.leaves.length;
    const counts = countsOf(
      drawn.map((beams) => {
        const [first = -1, second = -1] = placesOf(beams);
        return first * many + second;
      }),
    );
    const chances = orderedPairs(target).flat();
    const expected = chances.map((chance) => chance * DRAWS);
    expect(chiSquare(counts, expected).p).toBeGreaterThan(MIN_P);
  });

  it("includes each code path as often as drawing without replacement does", () => {
    const counts = countsOf(drawn.flatMap(placesOf));
    inclusions(target, 3).forEach((chance, at) => {
      const spread = Math.sqrt(chance * (1 - chance) * DRAWS);
      expect(Math.abs((counts[at] ?? 0) - chance * DRAWS)).toBeLessThan(4 * spread + 1e-9);
    });
  });

  it("carries the log-probability of each, and falling perturbed scores", () => {
    for (const beams of drawn.slice(0, 200)) {
      expect(new Set(beams.prefixes).size).toBe(3);
      expect([...beams.scores]).toEqual([...beams.scores].toSorted((a, b) => b - a));
      placesOf(beams).forEach((at, rank) => {
        const expected = Math.log(target.probabilities[at] ?? Number.NaN);
        expect(beams.logProbs?.[rank]).toBeCloseTo(expected, 9);
      });
    }
  });
});

describe("the perturbed scores", () => {
  it("are Gumbel variables around the log-probabilities", () => {
    // The largest of all is a Gumbel variable around 0 for any first path: its distribution function at 9 places.
    const [drawn, cells] = [draws({ temperature: 1, size: 1 }), 10];
    const counts = countsOf(
      drawn.map(({ scores }) => Math.floor(Math.exp(-Math.exp(-(scores[0] ?? 0))) * cells)),
    );
    const even = new Array<number>(cells).fill(DRAWS / cells);
    expect(chiSquare(counts, even).p).toBeGreaterThan(MIN_P);
    // And of every code path by itself.
    const target = exact(1);
    const all = draws({ temperature: 1, size: target.leaves.length });
    target.leaves.forEach((leaf, at) => {
      const located = all.map((beams) => {
        const score = beams.scores[beams.prefixes.indexOf(leaf)] ?? Number.NaN;
        const shifted = score - Math.log(target.probabilities[at] ?? 0);
        return Math.floor(Math.exp(-Math.exp(-shifted)) * cells);
      });
      expect(chiSquare(countsOf(located), even).p).toBeGreaterThan(MIN_P);
    });
  });
});

describe("temperature", () => {
  it("near 0 puts the greedy path first, and still reaches all code paths", () => {
    const [first] = draws({ temperature: 1e-6, size: 20, count: 1 });
    expect([...(first?.prefixes ?? [])].toSorted((a, b) => a - b)).toEqual(exact(1).leaves);
    for (const { prefixes } of draws({ temperature: 1e-6, size: 1, count: 100 })) {
      expect(pathOf(trie, prefixes[0] ?? 0)).toEqual(greedyPath());
    }
  });

  it("of infinity makes all continuations of a prefix equally likely", () => {
    const drawn = draws({ temperature: 1e9, size: 1 });
    const first = countsOf(drawn.map(({ prefixes }) => pathOf(trie, prefixes[0] ?? 0)[0] ?? -1));
    expect(chiSquare(first, new Array<number>(4).fill(DRAWS / 4)).p).toBeGreaterThan(MIN_P);
  });
});

/** The most likely code after each prefix. */
function greedyPath(): number[] {
  const path: number[] = [];
  while (path.length < trie.levels) {
    const below = pathsOf(catalogue).filter((one) => path.every((code, i) => one[i] === code));
    const codes = [...new Set(below.map((one) => one[path.length] ?? -1))];
    const logProbs = sampledModel.logProbs(prompt, { path, codes });
    path.push(codes[logProbs.indexOf(Math.max(...logProbs))] ?? -1);
  }
  return path;
}

function countsOf(cells: readonly number[]): number[] {
  const counts: number[] = [];
  for (const cell of cells) counts[cell] = (counts[cell] ?? 0) + 1;
  return Array.from(counts, (count) => count ?? 0);
}
