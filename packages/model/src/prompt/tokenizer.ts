import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { readJson } from "../checkpoint/read-json.js";
import { ModelError } from "../errors.js";
import { requireTokenizer } from "./missing-tokenizer.js";

/** Text to token ids, by the checkpoint's `tokenizer.json`. */
export interface TextTokenizer {
  encode(text: string, options: { addSpecialTokens: boolean }): number[];
  tokenOf(text: string): number | undefined;
}

/** @throws ModelError MISSING_FILE, BAD_PROMPT_SPEC */
export async function openTokenizer(directory: string): Promise<TextTokenizer> {
  requireTokenizer(directory);
  const read = (file: string) =>
    readJson(join(directory, file), {
      schema: z.looseObject({}),
      code: "BAD_PROMPT_SPEC",
      remedy: "prompts of kind template need the tokenizer's files in the checkpoint",
    });
  const [definition, config] = await Promise.all([
    read("tokenizer.json"),
    read("tokenizer_config.json"),
  ]);
  const tokenizer = createTokenizer(definition, { config, directory });
  return {
    encode: (text, { addSpecialTokens }) =>
      Array.from(tokenizer.encode(text, { add_special_tokens: addSpecialTokens }).ids),
    tokenOf: (text) => tokenizer.token_to_id(text),
  };
}

function createTokenizer(
  definition: object,
  { config, directory }: { config: object; directory: string },
): Tokenizer {
  try {
    return new Tokenizer(definition, config);
  } catch (cause) {
    throw new ModelError(
      "BAD_PROMPT_SPEC",
      `${join(directory, "tokenizer.json")} cannot be used: ${String(cause)}`,
      { cause },
    );
  }
}
