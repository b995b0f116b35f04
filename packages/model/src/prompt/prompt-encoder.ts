import { type Catalogue, pathOf } from "@nightbeam/catalogue";
import { ModelError } from "../errors.js";
import { type ChatRenderer, openChatTemplate } from "./chat-template.js";
import { historyText } from "./history-text.js";
import { fillText } from "./placeholders.js";
import type { PromptSpec, TextPrompt } from "./prompt-spec.js";
import type { TextTokenizer } from "./tokenizer.js";
import { type PromptUser, type UserTexts, userEncoder } from "./user-token.js";

/**
 * Turns a history (catalogue indices, oldest first) of a user into the tokens of a prompt. Shape [tokens].
 *
 * @throws ModelError BAD_USER if the user's name has no token
 */
export type PromptEncoder = (history: ArrayLike<number>, user?: PromptUser) => Int32Array;

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
  const { itemPrefix, itemSuffix, separator, suffix, user: token } = prompt;
  const bos = prompt.bos == null ? [] : [prompt.bos];
  for (const [field, tokens] of Object.entries({
    bos,
    itemPrefix,
    itemSuffix,
    separator,
    suffix,
    "user.offset + buckets - 1": token === undefined ? [] : [token.offset + token.buckets - 1],
  })) {
    const far = tokens.find((token) => token >= options.vocabularySize);
    if (far === undefined) continue;
    throw new ModelError(
      "BAD_PROMPT_SPEC",
      `nightbeam.json: prompt.${field} ${far} is outside the vocabulary of ${options.vocabularySize}`,
    );
  }
  const tokenOf = token && userEncoder(token);
  return (history, user = {}) => {
    const items = writtenPaths(history, options).map((path) => [
      ...itemPrefix,
      ...path.map((code, level) => options.codeTokens[level]?.[code] ?? 0),
      ...itemSuffix,
    ]);
    const between = items.flatMap((item, place) => (place === 0 ? item : [...separator, ...item]));
    const own = tokenOf === undefined ? [] : [tokenOf(user)];
    const [before, after] = token?.place === "after-items" ? [[], own] : [own, []];
    return Int32Array.from([...bos, ...before, ...between, ...after, ...suffix]);
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
  return (history, { texts } = {}) =>
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
