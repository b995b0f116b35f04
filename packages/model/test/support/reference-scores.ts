import { childCodes, pathOf, type Trie } from "@nightbeam/catalogue";
import type { Scoring } from "@nightbeam/decoding";
import type { ReferenceModel } from "@nightbeam/testing/reference";

export interface ReferenceQuestion {
  readonly trie: Trie;
  readonly scoring: Scoring;
  readonly prompt: Int32Array;
  readonly tokenOf: (level: number, code: number) => number;
}

/** Log-probabilities of a prefix's children as the reference has them: prompt and path in one pass. */
export function referenceScores(
  model: ReferenceModel,
  { prefix, trie, scoring, prompt, tokenOf }: ReferenceQuestion & { readonly prefix: number },
): number[] {
  const path = pathOf(trie, prefix);
  const tokens = path.map((code, level) => tokenOf(level, code));
  const logits = model.logits(prompt, tokens).at(-1) ?? new Float64Array();
  const children = Array.from(childCodes(trie, prefix), (code) => {
    return logits[tokenOf(path.length, code)] ?? Number.NaN;
  });
  const over = scoring === "full" ? Array.from(logits) : children;
  const largest = Math.max(...over);
  const normaliser = largest + Math.log(over.reduce((sum, x) => sum + Math.exp(x - largest), 0));
  return children.map((logit) => logit - normaliser);
}

/** Largest distance between the numbers of two lists; NaN if their lengths differ. */
export function largestDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN;
  return Array.from(a).reduce(
    (most, x, i) => Math.max(most, Math.abs(x - (b[i] ?? Number.NaN))),
    0,
  );
}
