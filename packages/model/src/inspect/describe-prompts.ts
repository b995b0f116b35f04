import { buildCatalogue, type Catalogue, pathOf } from "@nightbeam/catalogue";
import type { ModelConfig } from "../checkpoint/model-config.js";
import { codeText } from "../prompt/code-text.js";
import { codesOfLevel } from "../prompt/code-tokens.js";
import { columnsIn, promptsOf } from "../prompt/open-prompts.js";
import { needsTokenizer, type PromptSpec } from "../prompt/prompt-spec.js";
import { openTokenizer } from "../prompt/tokenizer.js";
import { findSpelling } from "./spelling.js";

/** How a checkpoint writes prompts. */
export interface PromptReport {
  readonly levels: readonly LevelReport[];
  readonly example: ExampleReport;
  /** Tokens that close an answer. */
  readonly end: readonly NamedToken[];
}

export interface NamedToken {
  readonly token: number;
  /** Undefined without a tokenizer. */
  readonly text: string | undefined;
}

/** The tokens of one level. */
interface LevelReport {
  /** Codes with a token that occur in the catalogue, or in the tokenizer if there is no catalogue. */
  readonly codes: number;
  readonly example: NamedToken & { readonly code: number };
}

/** The prompt of one user. */
interface ExampleReport {
  readonly history: readonly string[];
  /** Undefined for prompts that are no texts. */
  readonly text: string | undefined;
  readonly tokens: readonly number[];
  /** Code tokens of the history's items that are missing there: the tokenizer reads their texts as others. */
  readonly unread: readonly NamedToken[];
}

interface PromptSource {
  readonly directory: string;
  /** Default: made-up items. */
  readonly catalogue?: Catalogue;
  /** Item ids. Default: the catalogue's first. */
  readonly history?: readonly string[];
}

/** @throws ModelError */
export async function describePrompts(
  model: { config: ModelConfig; spec: PromptSpec },
  { directory, catalogue: given, history }: PromptSource,
): Promise<PromptReport> {
  const { spec } = model;
  const tokenizer = needsTokenizer(spec) ? await openTokenizer(directory) : undefined;
  const catalogue = given ?? madeUpCatalogue(spec, tokenizer?.vocabulary().keys() ?? []);
  const prompts = await promptsOf(model, { directory, catalogue });
  const name = (token: number): NamedToken => ({ token, text: tokenizer?.textOf(token) });
  const items = (history ?? firstItems(catalogue)).filter(
    (id) => catalogue.itemIndex(id) !== undefined,
  );
  const indices = items.flatMap((id) => catalogue.itemIndex(id) ?? []);
  // A user's texts are shown by the names of their columns.
  const texts = Object.fromEntries(columnsIn(spec).map((column) => [column, `<${column}>`]));
  const tokens = Array.from(prompts.encodePrompt(indices, { texts }));
  const written = indices.slice(-spec.prompt.maxItems).flatMap((item) => {
    const path = pathOf(catalogue.trie, catalogue.leafOf(item));
    return path.map((code, level) => prompts.codeTokens[level]?.[code] ?? 0);
  });
  return {
    levels: prompts.codeTokens.map((tokens, level) => {
      const codes = codesOfLevel(catalogue, level);
      const code = codes[0]?.code ?? 0;
      return { codes: codes.length, example: { code, ...name(tokens[code] ?? 0) } };
    }),
    example: {
      history: items,
      text: prompts.writePrompt?.(indices, texts),
      tokens,
      unread: [...new Set(written)].filter((token) => !tokens.includes(token)).map(name),
    },
    end: prompts.endTokens.map(name),
  };
}

/** Items of an example without a history. */
const EXAMPLE_ITEMS = 3;

function firstItems(catalogue: Catalogue): string[] {
  const count = Math.min(EXAMPLE_ITEMS, catalogue.itemCount);
  return Array.from({ length: count }, (_, item) => catalogue.itemId(item));
}

/** A catalogue in which every code occurs that the tokenizer has. */
function madeUpCatalogue(spec: PromptSpec, vocabulary: Iterable<string>): Catalogue {
  const found = findSpelling(vocabulary);
  const isSpelled = found !== undefined && found.pattern === spec.codeTokenPattern;
  const levels = Array.from({ length: spec.levels }, (_, level) => {
    const codes = isSpelled ? found.codes[level] : undefined;
    return codes ?? Array.from({ length: spec.codesPerLevel ?? 1 }, (_, code) => code);
  });
  const items = Math.max(...levels.map(({ length }) => length));
  return buildCatalogue(
    Array.from({ length: items }, (_, item) => {
      const codes = levels.map((level) => level[item % level.length] ?? 0);
      const id = codes.map((code, level) => codeText(spec, { level, code })).join("");
      return { id, codes, where: id };
    }),
  );
}
