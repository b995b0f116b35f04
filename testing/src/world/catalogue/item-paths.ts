import { createRandom } from "../random.js";

/**
 * Code paths of a catalogue, one per place, in path order: neighbours are similar. Clustered like
 * real catalogues: few first codes, unevenly filled, and almost every path is unique from the third
 * code.
 */
export function itemPaths(options: {
  readonly seed: number;
  readonly items: number;
  readonly levels: number;
  readonly codesPerLevel: number;
  /** Items that share another item's path. */
  readonly shared: number;
}): number[][] {
  const { seed, items, levels, codesPerLevel, shared } = options;
  const distinct = items - shared;
  if (distinct < 1 || distinct > codesPerLevel ** levels) {
    throw new RangeError(
      `${distinct} paths do not fit ${levels} levels of ${codesPerLevel} codes each`,
    );
  }
  const random = createRandom(seed, "paths");
  // About a third of the first level's codes are used.
  const firsts = Math.max(1, Math.round(0.36 * codesPerLevel));
  const paths = new Map<string, number[]>();
  while (paths.size < distinct) {
    const path = Array.from({ length: levels }, (_, level) =>
      level === 0 ? Math.floor(firsts * random.uniform() ** 1.5) : random.below(codesPerLevel),
    );
    while (paths.has(path.join())) advance(path, codesPerLevel);
    paths.set(path.join(), path);
  }
  const all = [...paths.values()];
  for (let i = 0; i < shared; i++) all.push([...(all[random.below(distinct)] ?? [])]);
  return all.sort(comparePaths);
}

/** The next path in path order, wrapping around: where the overflow of a full cluster goes. */
function advance(path: number[], codesPerLevel: number): void {
  for (let level = path.length - 1; level >= 0; level--) {
    const code = ((path[level] ?? 0) + 1) % codesPerLevel;
    path[level] = code;
    if (code !== 0) return;
  }
}

function comparePaths(a: readonly number[], b: readonly number[]): number {
  for (const [level, code] of a.entries()) {
    const difference = code - (b[level] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A path in the LC-Rec layout: `["<a_47>", "<b_103>", …]`. */
export function lcRecPath(path: readonly number[]): string[] {
  return path.map((code, level) => `<${String.fromCharCode("a".charCodeAt(0) + level)}_${code}>`);
}
