/** The codes of a random model's vocabulary; its token ids are `SPECIAL_TOKENS`, then level by level the codes. */
export interface CodeTokens {
  readonly levels: number;
  readonly codesPerLevel: number;
  /** Token ids after the codes that nothing uses. Default: none. */
  readonly unusedTokens?: number;
}

/** Token ids below the codes: pad, BOS, EOS and one unused. */
export const SPECIAL_TOKENS = 4;
export const PAD = 0;
export const BOS = 1;
export const EOS = 2;

export function vocabularySize({ levels, codesPerLevel, unusedTokens = 0 }: CodeTokens): number {
  return SPECIAL_TOKENS + levels * codesPerLevel + unusedTokens;
}
