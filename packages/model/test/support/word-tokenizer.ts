import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Writes a tokenizer of whole words, with tokens added for codes: `<unk>` is 0, BOS (`<s>`, put in front) is 1. */
export async function writeWordTokenizer(
  directory: string,
  tokens: { readonly words: readonly string[]; readonly codes: readonly string[] },
): Promise<void> {
  const words = ["<unk>", "<s>", ...tokens.words];
  const added = tokens.codes.map((content, at) => ({
    ...{ content, id: words.length + at, special: false, normalized: false },
    ...{ single_word: false, lstrip: false, rstrip: false },
  }));
  const definition = {
    version: "1.0",
    added_tokens: added,
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
  await writeFile(join(directory, "tokenizer.json"), JSON.stringify(definition));
  await writeFile(join(directory, "tokenizer_config.json"), '{"unk_token":"<unk>"}');
}
