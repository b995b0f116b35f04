import { threefry } from "./threefry.js";

/**
 * A place in a tree of random numbers: 64 bits that depend only on the path to it, from a seed over
 * words and texts. Numbers are not drawn in sequence, so the order of users, batches and machines does
 * not matter.
 */
export type NoiseKey = Uint32Array;

/** Ends a text; not a UTF-16 code unit. */
const END = 0xffff_ffff;
/** A word's key and its number are drawn separately. */
const KEYS = 0;
const NUMBERS = 1;

/** The place of a run's seed: a whole number up to 2^53 - 1. */
export function noiseOf(seed: number): NoiseKey {
  return Uint32Array.of(seed >>> 0, Math.floor(seed / 2 ** 32));
}

/** The place below `key` for a 32-bit word. */
export function foldWord(key: NoiseKey, word: number): NoiseKey {
  const next = Uint32Array.of(word, KEYS);
  threefry(key, next);
  return next;
}

/** The place below `key` for a text: different texts have different places. */
export function foldText(key: NoiseKey, text: string): NoiseKey {
  let at = key;
  for (let i = 0; i < text.length; i++) at = foldWord(at, text.charCodeAt(i));
  return foldWord(at, END);
}

/**
 * Standard Gumbel variables, one per word, drawn at `key`: -ln(-ln u) of a uniform u in (0, 1) with
 * 52 bits. The bits of u are the same everywhere; `Math.log` is the same in every build of one V8.
 */
export function gumbelsAt(key: NoiseKey, words: ArrayLike<number>): Float64Array {
  const drawn = uniformsAt(key, words);
  for (let i = 0; i < drawn.length; i++) drawn[i] = -Math.log(-Math.log(drawn[i] ?? 0));
  return drawn;
}

/** Numbers between 0 and 1, both excluded, one per word. */
export function uniformsAt(key: NoiseKey, words: ArrayLike<number>): Float64Array {
  const drawn = new Float64Array(words.length);
  const block = new Uint32Array(2);
  for (let i = 0; i < drawn.length; i++) {
    block[0] = words[i] ?? 0;
    block[1] = NUMBERS;
    threefry(key, block);
    // 52 bits and a half: exact in a float64, and neither 0 nor 1.
    drawn[i] = ((block[0] ?? 0) * 2 ** 20 + ((block[1] ?? 0) >>> 12) + 0.5) / 2 ** 52;
  }
  return drawn;
}
