import { createHash } from "node:crypto";

/**
 * A stream of pseudo-random numbers. Uses only integers and exact divisions, so that every
 * machine draws the same: the last bits of logarithm and sine differ between machines.
 */
export interface Random {
  /** An integer in [0, bound); `bound` an integer up to 2 ** 32. */
  below(bound: number): number;
  /** True in `percent` of a hundred cases. */
  chance(percent: number): boolean;
}

/** A separate stream per name: a user does not depend on which others are made. */
export function createRandom(seed: number, name: string): Random {
  const key = createHash("sha256").update(`${seed}/${name}`).digest();
  let a = key.readUInt32LE(0);
  let b = key.readUInt32LE(4);
  let c = key.readUInt32LE(8);
  let counter = key.readUInt32LE(12);

  // sfc32 (Doty-Humphrey's PractRand): small, fast and of good quality.
  const below = (bound: number) => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return Math.floor(((sum >>> 0) / 2 ** 32) * bound);
  };
  return { below, chance: (percent) => below(100) < percent };
}

/** Index of a weight, drawn in proportion; -1 if all are 0. Weights are integers. */
export function pickWeighted(random: Random, weights: readonly number[]): number {
  let rest = random.below(weights.reduce((sum, weight) => sum + weight, 0));
  for (const [place, weight] of weights.entries()) {
    if (rest < weight) return place;
    rest -= weight;
  }
  return -1;
}

/** The numbers 0 … size - 1 in random order (Fisher and Yates). */
export function shuffled(random: Random, size: number): number[] {
  const order = Array.from({ length: size }, (_, i) => i);
  for (let last = size - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const kept = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = kept;
  }
  return order;
}
