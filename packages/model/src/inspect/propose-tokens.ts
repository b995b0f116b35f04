import type { Catalogue } from "@nightbeam/catalogue";
import { ModelError } from "../errors.js";
import type { PromptSpecInput } from "../prompt/prompt-spec.js";
import type { Project } from "./projects.js";

/** A `nightbeam.json` for a checkpoint that has none. */
export interface Proposal {
  readonly project: Project;
  readonly spec: PromptSpecInput;
  /** Why this project, and what was assumed: for people. */
  readonly reasons: readonly string[];
}

/** What `config.json` says of a vocabulary. */
export interface Vocabulary {
  readonly size: number;
  readonly isT5: boolean;
  readonly bos: number | undefined;
  readonly eos: number | undefined;
  readonly pad: number | undefined;
  /** The token that a decoder begins with. */
  readonly start: number | undefined;
}

/** Projects whose vocabularies are codes and a few other tokens, without texts. */
export const TOKEN_PROJECTS = ["items", "tiger", "tiger-cf"] as const;
type TokenProject = (typeof TOKEN_PROJECTS)[number];

/** A vocabulary of texts has more tokens than these beside the codes. */
export const FEW_TOKENS = 200;

interface TokensOptions {
  readonly directory: string;
  readonly catalogue: Catalogue | undefined;
  /** Default: what the vocabulary looks like. */
  readonly like: TokenProject | undefined;
}

/** How many codes a vocabulary has. */
interface CodeSizes {
  readonly levels: number;
  /** Codes per level. */
  readonly size: number;
}

type ItemsPrompt = Extract<PromptSpecInput["prompt"], { kind: "items" }>;

/** What a project has around the codes, and what that assumes. */
interface Layout {
  /** Token of the first code. */
  readonly first: number;
  readonly prompt: Omit<ItemsPrompt, "kind" | "maxItems">;
  readonly assumed: string;
}

/** Tokens of tiger-cf for padding, end and start, and seven that nothing uses. */
const TIGER_CF_OTHERS = 10;

/** For a model without a tokenizer. @throws ModelError BAD_PROMPT_SPEC if nothing fits, with what is missing */
export function proposeTokens(
  { directory, catalogue, like }: TokensOptions,
  vocabulary: Vocabulary,
): Proposal {
  const what = `${directory} has no tokenizer.json`;
  if (catalogue === undefined)
    throw unknown(`${what}: give --catalogue, which shows which tokens are codes`);
  const { levels } = catalogue.trie;
  const largest = Math.max(...catalogue.codesPerLevel);
  const sizes = [2 ** Math.ceil(Math.log2(largest)), largest];
  const project = like ?? recognise(vocabulary, { levels, sizes });
  const others = { items: 0, tiger: 1, "tiger-cf": TIGER_CF_OTHERS }[project];
  const size = sizes.find((codes) => others + levels * codes <= vocabulary.size);
  if (size === undefined) {
    throw unknown(
      `${what}, and its vocabulary of ${vocabulary.size} is too small for ${levels} levels of ${largest} codes, which the catalogue has` +
        (others === 0 ? "" : `, and ${others} other tokens`),
    );
  }
  const { first, prompt, assumed } = LAYOUTS[project](vocabulary, { levels, size });
  // Codes that were added to a tokenizer are in its order, which may be that of their texts.
  if (like === undefined && first >= FEW_TOKENS) {
    throw unknown(
      `${what}, but ${first} tokens beside the codes, so it was probably trained with one: put it there (tokenizer.save_pretrained), ` +
        "or say that the codes are the end of the vocabulary by --like items",
    );
  }
  return {
    project,
    spec: {
      levels,
      codesPerLevel: size,
      codeTokenOffsets: Array.from({ length: levels }, (_, level) => first + level * size),
      prompt: { kind: "items", ...prompt, maxItems: 20 },
    },
    reasons: [
      "there is no tokenizer.json, so prompts are tokens alone",
      `assumed: ${assumed}, which is the vocabulary of ${vocabulary.size}; ` +
        `compare ${listed(["codeTokenOffsets", ...Object.keys(prompt)])} with the code that trained the model`,
    ],
  };
}

function listed(names: readonly string[]): string {
  return new Intl.ListFormat("en").format(names);
}

/** The project that a vocabulary looks like. */
function recognise(
  { size, isT5, eos, pad, start }: Vocabulary,
  { levels, sizes }: { levels: number; sizes: readonly number[] },
): TokenProject {
  if (!isT5) return "items";
  if (pad === size - 1 && start === size - 3) return "tiger-cf";
  const isFull = sizes.some((codes) => size === 1 + levels * codes);
  return (pad ?? 0) === 0 && (eos === size - 1 || isFull) ? "tiger" : "items";
}

const LAYOUTS: Readonly<
  Record<TokenProject, (vocabulary: Vocabulary, codes: CodeSizes) => Layout>
> = {
  // The codes are the end of the vocabulary.
  items: ({ size, isT5, bos, eos, pad }, codes) => {
    const first = size - codes.levels * codes.size;
    const closes = isT5 && eos !== undefined && eos !== pad && eos < first;
    return {
      first,
      prompt: {
        ...(bos !== undefined && bos < first ? { bos } : {}),
        ...(closes ? { suffix: [eos] } : {}),
      },
      assumed: `${first} tokens, then ${written(codes)}`,
    };
  },
  // The padding, the codes, users, the closing token.
  tiger: ({ size, eos, pad }, codes) => {
    const after = 1 + codes.levels * codes.size;
    const closes = eos === size - 1 && eos !== pad && size > after;
    const users = size - after - (closes ? 1 : 0);
    const many = { offset: after, buckets: users, by: "number" } as const;
    return {
      first: 1,
      prompt: {
        ...(users === 0 ? {} : { user: users === 1 ? { offset: after } : many }),
        ...(closes ? { suffix: [size - 1] } : {}),
      },
      assumed:
        `one token, then ${written(codes)}, ${users} tokens of users` +
        (closes ? " and a closing token" : ""),
    };
  },
  // The codes, users, a few others; the user is the last of a prompt.
  "tiger-cf": ({ size }, codes) => {
    const offset = codes.levels * codes.size;
    const buckets = size - offset - TIGER_CF_OTHERS;
    const user = { offset, buckets, by: "murmur3", place: "after-items" } as const;
    return {
      first: 0,
      prompt: buckets > 1 ? { user } : {},
      assumed: `${written(codes)}, ${buckets} tokens of users and ${TIGER_CF_OTHERS} others`,
    };
  },
};

function written({ levels, size }: CodeSizes): string {
  return `${size} codes for each of ${levels} levels`;
}

/** The error if no `nightbeam.json` can be proposed. */
export function unknown(what: string): ModelError {
  return new ModelError(
    "BAD_PROMPT_SPEC",
    `no nightbeam.json can be proposed: ${what}. docs/guides/models.md describes how to write one`,
  );
}
