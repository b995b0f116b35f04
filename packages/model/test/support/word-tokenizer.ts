import { writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface AddedToken {
  readonly content: string;
  readonly id: number;
}

/**
 * The definition of a tokenizer whose tokens are lowercase words: the second one is BOS. Added tokens are taken
 * out of a text before it is lowercased.
 */
export function wordTokenizer(words: readonly string[], added: readonly AddedToken[]) {
  return {
    version: "1.0",
    added_tokens: added.map((token) => ({
      ...token,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: false,
    })),
    normalizer: { type: "Lowercase" },
    pre_tokenizer: { type: "Whitespace" },
    post_processor: {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
      pair: [],
      special_tokens: { "<s>": { id: "<s>", ids: [1], tokens: ["<s>"] } },
    },
    decoder: null,
    model: {
      type: "WordLevel",
      vocab: Object.fromEntries(words.map((word, id) => [word, id])),
      unk_token: "<unk>",
    },
  };
}

/** Tokens that are added after `first` others, in this order. */
export function addedAfter(first: number, contents: readonly string[]): AddedToken[] {
  return contents.map((content, place) => ({ content, id: first + place }));
}

/** Writes `tokenizer.json` and `tokenizer_config.json`. */
export async function writeTokenizer(
  directory: string,
  { definition, config = {} }: { definition: unknown; config?: Record<string, unknown> },
): Promise<void> {
  await writeFile(join(directory, "tokenizer.json"), JSON.stringify(definition));
  const fields = { unk_token: "<unk>", bos_token: "<s>", eos_token: "</s>", ...config };
  await writeFile(join(directory, "tokenizer_config.json"), JSON.stringify(fields));
}
