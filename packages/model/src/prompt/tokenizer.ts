import { dirname, join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import { jsonProblem } from "@nightbeam/catalogue";
import { z } from "zod";
import { readJson } from "../checkpoint/read-json.js";
import { ModelError } from "../errors.js";
import { requireTokenizer } from "./missing-tokenizer.js";

/** Text to token ids, by the checkpoint's `tokenizer.json`. */
export interface TextTokenizer {
  encode(text: string, options: { addSpecialTokens: boolean }): number[];
  /** The one token that a text is: by its name in the vocabulary, or else as the tokenizer reads it. */
  tokenOf(text: string): number | undefined;
  /** The text of a token. */
  textOf(token: number): string;
  /** All tokens by name, added ones included. */
  vocabulary(): ReadonlyMap<string, number>;
}

/** @throws ModelError MISSING_FILE, BAD_PROMPT_SPEC */
export async function openTokenizer(directory: string): Promise<TextTokenizer> {
  requireTokenizer(directory);
  const read = (file: string) =>
    readJson(join(directory, file), {
      schema: z.looseObject({}),
      code: "BAD_PROMPT_SPEC",
      remedy: "prompts of text and codeTokenPattern need the tokenizer's files in the checkpoint",
    });
  const [definition, config] = await Promise.all([
    read("tokenizer.json"),
    read("tokenizer_config.json"),
  ]);
  const path = join(directory, "tokenizer.json");
  const tokenizer = createTokenizer(splitFirst(definition, path), { config, path });
  const encode: TextTokenizer["encode"] = (text, { addSpecialTokens }) =>
    Array.from(tokenizer.encode(text, { add_special_tokens: addSpecialTokens }).ids);
  const textOf = (token: number) => tokenizer.decode([token], { skip_special_tokens: false });
  return {
    encode,
    tokenOf: (text) => {
      const named = tokenizer.token_to_id(text);
      if (named !== undefined) return named;
      const [token, ...more] = encode(text, { addSpecialTokens: false });
      // An unknown text is one token too, or is read as another text.
      return token !== undefined && more.length === 0 && textOf(token).trim() === text.trim()
        ? token
        : undefined;
    },
    textOf,
    vocabulary: () => tokenizer.get_vocab(),
  };
}

function createTokenizer(
  definition: object,
  { config, path }: { config: object; path: string },
): Tokenizer {
  try {
    return new Tokenizer(definition, config);
  } catch (cause) {
    throw new ModelError("BAD_PROMPT_SPEC", `${path} cannot be used: ${jsonProblem(cause)}`, {
      cause,
    });
  }
}

const spaces = z.looseObject({
  normalizer: z.unknown().optional(),
  pre_tokenizer: z.unknown().optional(),
  added_tokens: z.array(z.looseObject({ normalized: z.boolean().optional() })).catch([]),
});

/**
 * With `prepend_scheme: "first"` the beginning of a text gets a space, and pieces after added tokens get none. The
 * library counts pieces before it splits at normalised tokens, so these are read as tokens that are not normalised,
 * which is the same if nothing is normalised.
 *
 * @throws ModelError BAD_PROMPT_SPEC if it is not
 */
function splitFirst(definition: object, path: string): object {
  const { normalizer, pre_tokenizer, added_tokens } = spaces.parse(definition);
  const isFirst = JSON.stringify(pre_tokenizer ?? null).includes('"prepend_scheme":"first"');
  if (!isFirst || !added_tokens.some(({ normalized }) => normalized)) return definition;
  if (normalizer === undefined || normalizer === null) {
    const split = added_tokens.map((token) => ({ ...token, normalized: false }));
    return { ...definition, added_tokens: split };
  }
  throw new ModelError(
    "BAD_PROMPT_SPEC",
    `${path} has prepend_scheme "first" beside a normalizer and added tokens that are normalised, which is not supported: ` +
      `add the codes as AddedToken(text, normalized=False), or save it again with transformers 5: ` +
      `python -c "from transformers import AutoTokenizer as T; T.from_pretrained('${dirname(path)}').save_pretrained('${dirname(path)}')"`,
  );
}
