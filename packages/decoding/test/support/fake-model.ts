import type { Scoring } from "../../src/index.js";

/** Codes that the model knows: more than any catalogue of the tests has. */
const VOCABULARY = 7;

/** A model without weights: what follows a prefix. */
export interface FakeModel {
  /** Log-probabilities of `codes`, which are all that the catalogue has after `path`. */
  logProbs(
    prompt: ArrayLike<number> & Iterable<number>,
    after: { path: readonly number[]; codes: readonly number[] },
  ): number[];
}

export interface FakeModelOptions {
  readonly seed: number;
  readonly scoring: Scoring;
  /** Number of different logits: 1 makes all codes equally likely, few give many equal scores. */
  readonly values?: number;
  /** Logits are from 0 to this: the higher, the surer the model is. Default: 4. */
  readonly spread?: number;
  /** The opposite preferences: what is likely becomes unlikely. */
  readonly opposite?: boolean;
}

/** Logits are a hash of the seed, the prompt and the prefix, so every question has one answer. */
export function fakeModel({
  seed,
  scoring,
  values = 1e6,
  spread = 4,
  opposite,
}: FakeModelOptions): FakeModel {
  return {
    logProbs(prompt, { path, codes }) {
      const logit = (code: number) => {
        const drawn = hash([seed, prompt.length, ...prompt, ...path, -1, code]) % values;
        return ((opposite ? -1 : 1) * drawn * spread) / values;
      };
      const all = Array.from({ length: VOCABULARY }, (_, code) => code);
      const normalised = (scoring === "full" ? all : codes).map(logit);
      const largest = Math.max(...normalised);
      const sum = normalised.reduce((total, value) => total + Math.exp(value - largest), 0);
      return codes.map((code) => logit(code) - largest - Math.log(sum));
    },
  };
}

/** After about half of the prefixes the first model, after the others the second. */
export function halfAndHalf(first: FakeModel, second: FakeModel): FakeModel {
  return {
    logProbs: (prompt, after) =>
      (hash([...after.path, 5]) % 2 === 0 ? first : second).logProbs(prompt, after),
  };
}

/** FNV-1a over 32-bit numbers, then mixed, so that neighbouring codes are not neighbours. */
function hash(numbers: readonly number[]): number {
  let state = 0x811c9dc5;
  for (const number of numbers) state = Math.imul(state ^ number, 0x01000193) ^ (state >>> 15);
  state = Math.imul(state ^ (state >>> 16), 0x45d9f3b);
  return (state ^ (state >>> 16)) >>> 0;
}
