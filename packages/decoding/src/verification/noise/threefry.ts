/** Bits that the rounds rotate by, cyclically. */
const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const ROUNDS = 20;
/** Part of the third word of the key, so that no key is all zeros. */
const PARITY = 0x1bd11bda;

/**
 * Threefry-2x32 with 20 rounds: a keyed permutation of 64 bits whose outputs over a counter are random
 * numbers (Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3"). It consists of additions,
 * rotations and exclusive ors of 32-bit words, which are the same bits on every machine.
 *
 * @param key two words
 * @param counter two words, replaced by the result
 */
export function threefry(key: Uint32Array, counter: Uint32Array): void {
  const k0 = key[0] ?? 0;
  const k1 = key[1] ?? 0;
  const k2 = k0 ^ k1 ^ PARITY;
  let x0 = ((counter[0] ?? 0) + k0) | 0;
  let x1 = ((counter[1] ?? 0) + k1) | 0;
  for (let round = 0; round < ROUNDS; round++) {
    const turn = ROTATIONS[round & 7] ?? 0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << turn) | (x1 >>> (32 - turn))) ^ x0;
    if ((round & 3) !== 3) continue;
    // The key's words are added cyclically: k1, k2, k0, k1, k2, k0, and so on.
    const step = (round >> 2) + 1;
    const turnOf = step % 3;
    const first = turnOf === 0 ? k0 : turnOf === 1 ? k1 : k2;
    const second = turnOf === 0 ? k1 : turnOf === 1 ? k2 : k0;
    x0 = (x0 + first) | 0;
    x1 = (x1 + second + step) | 0;
  }
  counter[0] = x0;
  counter[1] = x1;
}
