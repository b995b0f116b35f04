import { type Catalogue, pathOf } from "@nightbeam/catalogue";
import { ModelError } from "../errors.js";
import { type ChatRenderer, openChatTemplate } from "./chat-template.js";
import { historyText } from "./history-text.js";
import { fillText } from "./placeholders.js";
import type { PromptSpec, TextPrompt } from "./prompt-spec.js";
import type { TextTokenizer } from "./tokenizer.js";

/** Texts of a user by the name of their column, for prompts that have a `{column:NAME}`. */
export type UserTexts = Readonly<Record<string, string>>;

/**
 * Turns a history (catalogue indices, oldest first), and the user's texts, into the tokens of a prompt.
 * A text that is missing is empty. Shape [tokens].
 */
export type PromptEncoder = (history: ArrayLike<number>, texts?: UserTexts) => Int32Array;

/** The same as a text. */
export type PromptWriter = (history: ArrayLike<number>, texts?: UserTexts) => string;

type ItemsPrompt = Extract<PromptSpec["prompt"], { kind: "items" }>;

interface ItemsEncoderOptions {
  readonly spec: PromptSpec;
  readonly catalogue: Catalogue;
  /** `codeTokens[level][code]` is the code's token. */
  readonly codeTokens: readonly Int32Array[];
  readonly vocabularySize: number;
}

/** For prompts of kind `items`. @throws ModelError BAD_PROMPT_SPEC if a token is outside the vocabulary */
export function itemsEncoder(prompt: ItemsPrompt, options: ItemsEncoderOptions): PromptEncoder {
  const { itemPrefix, itemSuffix, separator, suffix } = prompt;
  const bos = prompt.bos == null ? [] : [prompt.bos];
  for (const [field, tokens] of Object.entries({
    bos,
    itemPrefix,
    itemSuffix,
    separator,
    suffix,
  })) {
    const far = tokens.find((token) => token >= options.vocabularySize);
    if (far === undefined) continue;
    throw new ModelError(
      "BAD_PROMPT_SPEC",
      `nightbeam.json: prompt.${field} ${far} is outside the vocabulary of ${options.vocabularySize}`,
    );
  }
  return (history) => {
    const items = writtenPaths(history, options).map((path) => [
      ...itemPrefix,
      ...path.map((code, level) => options.codeTokens[level]?.[code] ?? 0),
      ...itemSuffix,
    ]);
    const between = items.flatMap((item, place) => (place === 0 ? item : [...separator, ...item]));
    return Int32Array.from([...bos, ...between, ...suffix]);
  };
}

interface PromptWriterOptions {
  readonly directory: string;
  readonly spec: PromptSpec;
  readonly catalogue: Catalogue;
}

/** For prompts that are texts. @throws ModelError MISSING_FILE, BAD_PROMPT_SPEC: there is no chat template */
export async function promptWriter(
  prompt: TextPrompt,
  options: PromptWriterOptions,
): Promise<PromptWriter> {
  const textOf = (history: ArrayLike<number>) =>
    historyText(options.spec, { prompt, paths: writtenPaths(history, options) });
  if (prompt.kind === "template") {
    return (history, texts = {}) => fillText(prompt.template, { history: textOf(history), texts });
  }
  const render: ChatRenderer = await openChatTemplate(options.directory, prompt);
  const write: PromptWriter = (items, texts = {}) => {
    const history = textOf(items);
    const messages = prompt.messages.map(({ role, content }) => {
      return { role, content: fillText(content, { history, texts }) };
    });
    return render(messages) + prompt.answerPrefix;
  };
  // A template that refuses these messages would refuse every user's.
  write([]);
  return write;
}

/** For prompts that are texts. */
export function textEncoder(
  prompt: TextPrompt,
  { write, tokenizer }: { write: PromptWriter; tokenizer: TextTokenizer },
): PromptEncoder {
  const { addSpecialTokens } = prompt;
  return (history, texts) =>
    Int32Array.from(tokenizer.encode(write(history, texts), { addSpecialTokens }));
}

/** Code paths of the last items, in the order in which the prompt has them. */
function writtenPaths(
  history: ArrayLike<number>,
  { spec, catalogue }: Pick<ItemsEncoderOptions, "spec" | "catalogue">,
): number[][] {
  const { maxItems, order } = spec.prompt;
  const paths = Array.from(history)
    .slice(-maxItems)
    .map((item) => pathOf(catalogue.trie, catalogue.leafOf(item)));
  return order === "newest-first" ? paths.reverse() : paths;
}
