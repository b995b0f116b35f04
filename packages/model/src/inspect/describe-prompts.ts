import { buildCatalogue, type Catalogue, pathOf } from "@nightbeam/catalogue";
import type { ModelConfig } from "../checkpoint/model-config.js";
import { ModelError } from "../errors.js";
import { codeText } from "../prompt/code-text.js";
import { codesOfLevel } from "../prompt/code-tokens.js";
import { columnsIn, type Prompts, promptsOf } from "../prompt/open-prompts.js";
import { needsTokenizer, type PromptSpec } from "../prompt/prompt-spec.js";
import { openTokenizer } from "../prompt/tokenizer.js";
import type { PromptUser, UserTexts, UserToken } from "../prompt/user-token.js";
import { findSpelling } from "./spelling.js";

/** How a checkpoint writes prompts. */
export interface PromptReport {
  readonly levels: readonly LevelReport[];
  readonly example: ExampleReport;
  /** Tokens that close an answer. */
  readonly end: readonly NamedToken[];
  /** Undefined if prompts have no token of the user. */
  readonly userToken: UserToken | undefined;
}

/** A user to write the prompt of. */
export interface ExampleUser extends PromptUser {
  /** Item ids, oldest first. */
  readonly history: readonly string[];
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
  /** Undefined for a user that was made up. */
  readonly user: string | undefined;
  readonly history: readonly string[];
  /** Undefined for prompts that are no texts. */
  readonly text: string | undefined;
  readonly tokens: readonly number[];
  /** Code tokens of the history's items that are missing there: the tokenizer reads their texts as others. */
  readonly unread: readonly NamedToken[];
  /** Why the user has no token, so that the first user's is shown. */
  readonly problem: string | undefined;
}

interface PromptSource {
  readonly directory: string;
  /** Default: made-up items. */
  readonly catalogue?: Catalogue;
  /** Default: one with the catalogue's first items. */
  readonly user?: ExampleUser;
}

/** @throws ModelError */
export async function describePrompts(
  model: { config: ModelConfig; spec: PromptSpec },
  { directory, catalogue: given, user }: PromptSource,
): Promise<PromptReport> {
  const { spec } = model;
  const tokenizer = needsTokenizer(spec) ? await openTokenizer(directory) : undefined;
  const catalogue = given ?? madeUpCatalogue(spec, tokenizer?.vocabulary().keys() ?? []);
  const prompts = await promptsOf(model, { directory, catalogue });
  const name = (token: number): NamedToken => ({ token, text: tokenizer?.textOf(token) });
  const items = (user?.history ?? firstItems(catalogue)).filter(
    (id) => catalogue.itemIndex(id) !== undefined,
  );
  const indices = items.flatMap((id) => catalogue.itemIndex(id) ?? []);
  const whose = user?.texts === undefined ? { ...user, texts: namesOfTexts(spec) } : user;
  const { tokens, problem } = promptTokens(prompts, { indices, whose });
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
      user: user?.name,
      history: items,
      text: prompts.writePrompt?.(indices, whose.texts),
      tokens,
      problem,
      unread: [...new Set(written)].filter((token) => !tokens.includes(token)).map(name),
    },
    end: prompts.endTokens.map(name),
    userToken: spec.prompt.kind === "items" ? spec.prompt.user : undefined,
  };
}

/** In place of a user's texts, the names of their columns; nothing for what says which token the user has. */
function namesOfTexts(spec: PromptSpec): UserTexts {
  if (spec.prompt.kind === "items") return {};
  return Object.fromEntries(columnsIn(spec).map((column) => [column, `<${column}>`]));
}

/** A user's prompt, or if the user has no token, that of a user without a name. */
function promptTokens(
  { encodePrompt }: Pick<Prompts, "encodePrompt">,
  { indices, whose }: { indices: readonly number[]; whose: PromptUser },
): { tokens: number[]; problem: string | undefined } {
  try {
    return { tokens: Array.from(encodePrompt(indices, whose)), problem: undefined };
  } catch (error) {
    if (!(error instanceof ModelError && error.code === "BAD_USER")) throw error;
    return { tokens: Array.from(encodePrompt(indices)), problem: error.message };
  }
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
