import { buildCatalogue, type Catalogue, ROOT, type Trie } from "@nightbeam/catalogue";
import { below, type Random, seeded } from "../random.js";

export interface CatalogueSize {
  readonly levels: number;
  readonly codesPerLevel: number;
  readonly items: number;
}

/** A catalogue of items on random paths. */
export function someCatalogue(size: CatalogueSize & { readonly seed: number }): Catalogue {
  const random = seeded(size.seed);
  return buildCatalogue(
    Array.from({ length: size.items }, (_, item) => ({
      id: `item ${item}`,
      // Few codes in the upper levels: otherwise hardly any two items would share a prefix.
      codes: Array.from({ length: size.levels }, (_, level) =>
        below(
          random,
          level < size.levels / 2 ? Math.min(4, size.codesPerLevel) : size.codesPerLevel,
        ),
      ),
      where: `item ${item}`,
    })),
  );
}

/** Up to `count` different prefixes that can be wanted of a tree, sometimes with the root. */
export function somePrefixes(trie: Trie, options: { count: number; random: Random }): number[] {
  const inner = trie.levelStart[trie.levels] ?? 0;
  const picked = Array.from({ length: options.count }, () => below(options.random, inner));
  return [...new Set(picked)];
}

/** The prefixes along one path, from the root to the last that has children. */
export function deepestLine(trie: Trie): number[] {
  const line = [ROOT];
  for (let depth = 1; depth < trie.levels; depth++) {
    const parent = line.at(-1) ?? ROOT;
    line.push((trie.firstChild[parent + 1] ?? 0) - 1);
  }
  return line;
}

/** A random prompt without token 0. Shape [tokens]. */
export function somePrompt(options: {
  readonly length: number;
  readonly vocabularySize: number;
  readonly random: Random;
}): Int32Array {
  const { length, vocabularySize, random } = options;
  return Int32Array.from({ length }, () => 1 + below(random, vocabularySize - 1));
}
