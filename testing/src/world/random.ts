import { createHash } from "node:crypto";

/** A stream of pseudo-random numbers: the same seed gives the same stream on every machine. */
export interface Random {
  /** In [0, 1), 32 bits. */
  uniform(): number;
  /** An integer in [0, bound). */
  below(bound: number): number;
  /** Standard normal. */
  gaussian(): number;
}

/**
 * A separate stream per name, so that what is made from a seed (a layer's weights, a user's
 * history) does not depend on what else is made.
 */
export function createRandom(seed: number, name: string): Random {
  const key = createHash("sha256").update(`${seed}/${name}`).digest();
  let a = key.readUInt32LE(0);
  let b = key.readUInt32LE(4);
  let c = key.readUInt32LE(8);
  let counter = key.readUInt32LE(12);

  // sfc32 (Doty-Humphrey's PractRand): small, fast and of good quality.
  const uniform = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };

  let spare: number | undefined;
  const gaussian = () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    // Box-Muller; 1 - u is never 0.
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };

  return { uniform, gaussian, below: (bound) => Math.floor(uniform() * bound) };
}
