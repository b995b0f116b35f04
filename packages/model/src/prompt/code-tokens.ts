import { type Catalogue, excerpt, leafRange } from "@nightbeam/catalogue";
import { ModelError } from "../errors.js";
import { type CodePlace, codeText } from "./code-text.js";
import type { PromptSpec } from "./prompt-spec.js";
import type { TextTokenizer } from "./tokenizer.js";

export interface CodeTokensOptions {
  /** Its codes need tokens, and no others. */
  readonly catalogue: Catalogue;
  readonly vocabularySize: number;
  /** For specs with a `codeTokenPattern`. */
  readonly tokenizer: TextTokenizer | undefined;
}

/** A code that occurs, and a node of the trie that has it. */
export interface FoundCode extends CodePlace {
  readonly node: number;
}

/**
 * Token id of every code: `tokens[level][code]`. A code that does not occur in the catalogue has its
 * token if its level's tokens are consecutive. Otherwise it has the token of a code that does occur:
 * its score is computed, and never read.
 *
 * @throws ModelError CATALOGUE_MISMATCH if a code of the catalogue has no token; BAD_PROMPT_SPEC if a
 * token is outside the vocabulary, or belongs to two codes
 */
export function codeTokens(spec: PromptSpec, options: CodeTokensOptions): Int32Array[] {
  const owners = new Map<number, FoundCode>();
  return Array.from({ length: spec.levels }, (_, level) => {
    const codes = codesOfLevel(options.catalogue, level);
    const found = new Map(
      codes.map((code) => {
        const token = tokenOfCode(spec, code, options);
        const owner = owners.get(token);
        if (owner !== undefined && owner.code !== code.code) {
          throw new ModelError(
            "BAD_PROMPT_SPEC",
            `nightbeam.json gives ${describe(owner)} and ${describe(code)} the same token ${token}; ` +
              "every code of the catalogue needs its own (different levels may share a token only for equal codes)",
          );
        }
        owners.set(token, code);
        return [code.code, token];
      }),
    );
    const size = spec.codesPerLevel ?? options.catalogue.codesPerLevel[level] ?? 0;
    const offset = spec.codeTokenOffsets?.[level];
    if (offset !== undefined) {
      const length = Math.min(size, options.vocabularySize - offset);
      return Int32Array.from({ length }, (_, code) => offset + code);
    }
    return fillTokens(spec, { ...options, level, size, found });
  });
}

/** The tokens of all codes below `size`. int32 [size] */
function fillTokens(
  spec: PromptSpec,
  options: CodeTokensOptions & {
    readonly level: number;
    readonly size: number;
    readonly found: ReadonlyMap<number, number>;
  },
): Int32Array {
  const { level, size, found, tokenizer, vocabularySize } = options;
  const [some = 0] = found.values();
  return Int32Array.from({ length: size }, (_, code) => {
    const token = found.get(code) ?? tokenizer?.tokenOf(codeText(spec, { level, code })) ?? some;
    return token < vocabularySize ? token : some;
  });
}

function tokenOfCode(spec: PromptSpec, found: FoundCode, options: CodeTokensOptions): number {
  const offset = spec.codeTokenOffsets?.[found.level];
  const token = offset === undefined ? tokenOfText(spec, found, options) : offset + found.code;
  if (token >= options.vocabularySize) {
    throw new ModelError(
      "BAD_PROMPT_SPEC",
      `the token ${token} of ${describe(found)} is outside the model's vocabulary of ${options.vocabularySize} (config.json, vocab_size): ` +
        (offset === undefined
          ? "resize the embeddings to the tokenizer, as `model.resize_token_embeddings(len(tokenizer))` does"
          : "see codeTokenOffsets in nightbeam.json"),
    );
  }
  return token;
}

function tokenOfText(
  spec: PromptSpec,
  found: FoundCode,
  { catalogue, tokenizer }: CodeTokensOptions,
): number {
  const text = codeText(spec, found);
  const token = tokenizer?.tokenOf(text);
  if (token === undefined) {
    throw new ModelError(
      "CATALOGUE_MISMATCH",
      `tokenizer.json has no token ${excerpt(text)} for ${describe(found)}, which item ${itemWith(catalogue, found)} has: ` +
        "the model was trained on another catalogue, or codeTokenPattern in nightbeam.json is not how it spells codes; " +
        "`nightbeam inspect DIR` shows its tokens",
    );
  }
  // In a prompt of tokens, no text is read.
  if (spec.prompt.kind === "items" || tokenizer === undefined) return token;
  const read = tokenizer.encode(text, { addSpecialTokens: false });
  if (read.length === 1 && read[0] === token) return token;
  throw new ModelError(
    "BAD_PROMPT_SPEC",
    `the tokenizer reads ${excerpt(text)} of ${describe(found)} as the tokens ${read.join(", ")}, not as ${token}, which it has for it: ` +
      "add it as a token of its own, as `tokenizer.add_tokens` does",
  );
}

/** The codes that occur on a level of the catalogue, in ascending order. */
export function codesOfLevel({ trie }: Catalogue, level: number): FoundCode[] {
  const nodes = new Map<number, number>();
  const end = trie.levelStart[level + 2] ?? 0;
  for (let node = trie.levelStart[level + 1] ?? 0; node < end; node++) {
    const code = trie.codes[node] ?? 0;
    if (!nodes.has(code)) nodes.set(code, node);
  }
  return [...nodes].map(([code, node]) => ({ level, code, node })).sort((a, b) => a.code - b.code);
}

/** An item whose path has the code. */
function itemWith(catalogue: Catalogue, { node }: FoundCode): string {
  const [item = 0] = catalogue.itemsAt(leafRange(catalogue.trie, node).first);
  return excerpt(catalogue.itemId(item));
}

function describe({ level, code }: CodePlace): string {
  return `code ${code} of level ${level}`;
}
