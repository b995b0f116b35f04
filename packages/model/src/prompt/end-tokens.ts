import { excerpt, MAX_CLOSING_LEVELS } from "@nightbeam/catalogue";
import { ModelError } from "../errors.js";
import type { PromptSpec } from "./prompt-spec.js";
import type { TextTokenizer } from "./tokenizer.js";

/**
 * The tokens that close an answer. A text is read as the tokenizer reads it after an item.
 *
 * @throws ModelError BAD_PROMPT_SPEC if a text has no tokens of its own, or a token is outside the vocabulary
 */
export function endTokens(
  { end }: Pick<PromptSpec, "end">,
  options: {
    /** For texts. */
    readonly tokenizer: TextTokenizer | undefined;
    readonly vocabularySize: number;
    /** The text that an answer ends with: that of an item's last code. */
    readonly after: string;
  },
): number[] {
  const { tokenizer, vocabularySize, after } = options;
  const encode = (text: string) => tokenizer?.encode(text, { addSpecialTokens: false }) ?? [];
  const item = encode(after);
  const closing = end.flatMap((part) => {
    const read = typeof part === "number" ? [...item, part] : encode(after + part);
    const tokens = read.slice(item.length);
    if (tokens.length === 0 || item.some((token, at) => read[at] !== token)) {
      throw new ModelError(
        "BAD_PROMPT_SPEC",
        `nightbeam.json: end: the tokenizer does not read ${excerpt(part)} as tokens of its own after ${excerpt(after)}; give their ids`,
      );
    }
    const far = tokens.find((token) => token >= vocabularySize);
    if (far === undefined) return tokens;
    throw new ModelError(
      "BAD_PROMPT_SPEC",
      `nightbeam.json: end: the token ${far} of ${excerpt(part)} is outside the vocabulary of ${vocabularySize}`,
    );
  });
  if (closing.length <= MAX_CLOSING_LEVELS) return closing;
  throw new ModelError(
    "BAD_PROMPT_SPEC",
    `nightbeam.json: end has ${closing.length} tokens; at most ${MAX_CLOSING_LEVELS} are supported`,
  );
}
