import { type Catalogue, pathOf } from "@nightbeam/catalogue";
import { ModelError } from "../errors.js";
import { codeText, type PromptSpec } from "./prompt-spec.js";
import type { TextTokenizer } from "./tokenizer.js";

/** Turns a history (catalogue indices, oldest first) into the tokens of a prompt. Shape [tokens]. */
export type PromptEncoder = (history: ArrayLike<number>) => Int32Array;

export interface PromptEncoderOptions {
  readonly spec: PromptSpec;
  readonly catalogue: Catalogue;
  /** `codeTokens[level][code]` is the code's token. */
  readonly codeTokens: readonly Int32Array[];
  readonly vocabularySize: number;
  /** For prompts of kind `template`. */
  readonly tokenizer: TextTokenizer | undefined;
}

/** @throws ModelError BAD_PROMPT_SPEC if a template has no tokenizer, or BOS is not a token */
export function promptEncoder(options: PromptEncoderOptions): PromptEncoder {
  const { prompt } = options.spec;
  const lastItems = (history: ArrayLike<number>) =>
    Array.from(history)
      .slice(-prompt.maxItems)
      .map((item) => pathOf(options.catalogue.trie, options.catalogue.leafOf(item)));
  if (prompt.kind === "items") {
    const start = prompt.bos == null ? [] : [prompt.bos];
    if (start.some((token) => token >= options.vocabularySize)) {
      throw new ModelError(
        "BAD_PROMPT_SPEC",
        `nightbeam.json: prompt.bos ${prompt.bos} is outside the vocabulary of ${options.vocabularySize}`,
      );
    }
    return (history) =>
      Int32Array.from([
        ...start,
        ...lastItems(history).flatMap((path) =>
          path.map((code, level) => options.codeTokens[level]?.[code] ?? 0),
        ),
      ]);
  }
  const { tokenizer, spec } = options;
  if (tokenizer === undefined) {
    throw new ModelError(
      "BAD_PROMPT_SPEC",
      "a prompt of kind template needs a tokenizer.json in the checkpoint",
    );
  }
  return (history) => {
    const items = lastItems(history).map((path) =>
      path.map((code, level) => codeText(spec, { level, code })).join(""),
    );
    // A function as replacement: item texts are never read as replacement patterns.
    const text = prompt.template.replace("{history}", () => items.join(prompt.separator));
    return Int32Array.from(tokenizer.encode(text, { addSpecialTokens: prompt.addSpecialTokens }));
  };
}
