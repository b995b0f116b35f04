import { buildCatalogue, type Catalogue, ROOT, type Trie } from "@nightbeam/catalogue";

/** Numbers in [0, 1): the same seed gives the same numbers. */
export type Random = () => number;

/** mulberry32: enough for picking test data. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function below(random: Random, bound: number): number {
  return Math.floor(random() * bound);
}

export interface CatalogueSize {
  readonly levels: number;
  readonly codesPerLevel: number;
  readonly items: number;
}

/** Items on random paths; later levels branch, or not, as chance has it. */
export function someCatalogue(size: CatalogueSize & { readonly seed: number }): Catalogue {
  const random = seeded(size.seed);
  return buildCatalogue(
    Array.from({ length: size.items }, (_, item) => ({
      id: `item ${item}`,
      // Few codes at the top: otherwise hardly two items would share a prefix.
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

/** Different prefixes that a tree may hold, up to `count`; the prompt's own among them at times. */
export function somePrefixes(trie: Trie, options: { count: number; random: Random }): number[] {
  const inner = trie.levelStart[trie.levels] ?? 0;
  const picked = Array.from({ length: options.count }, () => below(options.random, inner));
  return [...new Set(picked)];
}

/** A prefix of every depth that has one below it, deepest last, all on one path. */
export function deepestLine(trie: Trie): number[] {
  const line = [ROOT];
  for (let depth = 1; depth < trie.levels; depth++) {
    const parent = line.at(-1) ?? ROOT;
    line.push((trie.firstChild[parent + 1] ?? 0) - 1);
  }
  return line;
}

/** Token ids, none of them special. Shape [tokens]. */
export function somePrompt(options: {
  readonly length: number;
  readonly vocabularySize: number;
  readonly random: Random;
}): Int32Array {
  const { length, vocabularySize, random } = options;
  return Int32Array.from({ length }, () => 1 + below(random, vocabularySize - 1));
}
