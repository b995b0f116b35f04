import fc from "fast-check";
import type { CatalogueEntry } from "../src/build.js";

/** Two to eight codes from few values, so that prefixes and whole paths are shared. */
const code = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 0, max: 2 }) },
  { weight: 1, arbitrary: fc.constantFrom(255, 256, 65_535) },
);

/** A catalogue's source: distinct ids (any Unicode), one number of levels. */
export const someEntries: fc.Arbitrary<CatalogueEntry[]> = fc
  .record({
    levels: fc.integer({ min: 2, max: 8 }),
    ids: fc.uniqueArray(fc.string({ unit: "binary", minLength: 1, maxLength: 6 }), {
      minLength: 1,
      maxLength: 40,
    }),
  })
  .chain(({ levels, ids }) =>
    fc
      .tuple(...ids.map(() => fc.array(code, { minLength: levels, maxLength: levels })))
      .map((paths) => ids.map((id, i) => ({ id, codes: paths[i] ?? [], where: `line ${i + 1}` }))),
  );

/** Entries written short: `entries("x 1 2", "y 1 3")`. */
export function entries(...lines: string[]): CatalogueEntry[] {
  return lines.map((line, i) => {
    const [id = "", ...codes] = line.split(" ");
    return { id, codes: codes.map(Number), where: `line ${i + 1}` };
  });
}

/** Distinct prefixes of each depth, each written as text, computed without a trie. */
export function prefixesByDepth(source: readonly CatalogueEntry[]): Set<string>[] {
  const levels = source[0]?.codes.length ?? 0;
  return Array.from(
    { length: levels + 1 },
    (_, depth) => new Set(source.map(({ codes }) => Array.from(codes).slice(0, depth).join())),
  );
}
