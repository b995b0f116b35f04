import { join } from "node:path";
import { z } from "zod";
import { checkJson, readJson } from "../checkpoint/read-json.js";
import { hasCode } from "./code-text.js";
import { PLACEHOLDERS } from "./placeholders.js";
import { userTokenSchema } from "./user-token.js";

const tokenId = z.int().nonnegative();
const tokenIds = z.array(tokenId).default([]);

/** Which items of a history are written, and in which order. */
const history = {
  maxItems: z.int().positive(),
  /** The last `maxItems` items are written in this order. */
  order: z.enum(["oldest-first", "newest-first"]).default("oldest-first"),
};

const itemsPrompt = z.strictObject({
  /** Tokens alone: BOS, a token of the user, the codes of the last items, and what the model expects around them. */
  kind: z.literal("items"),
  bos: tokenId.nullish(),
  user: userTokenSchema.optional(),
  /** Tokens before the codes of every item, after them, and between two items. */
  itemPrefix: tokenIds,
  itemSuffix: tokenIds,
  separator: tokenIds,
  /** Tokens after the last item. The codes of the answer follow them. */
  suffix: tokenIds,
  ...history,
});

/** How a text writes a history. */
const historyText = {
  ...history,
  /** An item: `{codes}` are the texts of its codes, `{index}` its number in the text, from 1. */
  item: z
    .string()
    .default(PLACEHOLDERS.codes)
    .refine((text) => text.includes(PLACEHOLDERS.codes), "must contain {codes}"),
  /** Text between two codes of an item. */
  codeSeparator: z.string().default(""),
  /** Text between two items. */
  separator: z.string().default(", "),
  /** Text in place of the items of a history that has none. */
  emptyHistory: z.string().default(""),
};

const templatePrompt = z.strictObject({
  /** A text in which `{history}` is replaced by the items, tokenised with `tokenizer.json`. */
  kind: z.literal("template"),
  template: z
    .string()
    .refine((text) => text.includes(PLACEHOLDERS.history), "must contain {history}"),
  ...historyText,
  /** Whether the tokenizer adds its own special tokens (BOS and the like). */
  addSpecialTokens: z.boolean().default(true),
});

const chatPrompt = z.strictObject({
  /** Messages, written by the checkpoint's chat template. */
  kind: z.literal("chat"),
  messages: z
    .array(z.strictObject({ role: z.string().min(1), content: z.string() }))
    .refine(
      (messages) => messages.some(({ content }) => content.includes(PLACEHOLDERS.history)),
      "needs {history} in the content of a message",
    ),
  /** A Jinja template. Default: the checkpoint's. */
  chatTemplate: z.string().min(1).optional(),
  /** Further variables of the chat template, such as `enable_thinking`. */
  variables: z.record(z.string(), z.json()).default({}),
  addGenerationPrompt: z.boolean().default(true),
  /** Text after the chat, before the codes of the answer. */
  answerPrefix: z.string().default(""),
  ...historyText,
  /** Chat templates usually write them, so that the tokenizer should not. */
  addSpecialTokens: z.boolean().default(false),
});

const pattern = z.string().refine(hasCode, "must contain {code}");
const endToken = z.union([z.string().min(1), tokenId]);

const schema = z
  .strictObject({
    levels: z.int().min(2).max(8),
    /** Codes are below this. Default: the catalogue's codes decide. */
    codesPerLevel: z.int().min(1).max(65_536).optional(),
    /** Token id of code 0 of each level; code c has this id + c. */
    codeTokenOffsets: z.array(tokenId).optional(),
    /** The text of a code's token, looked up in `tokenizer.json`; one for all levels, or a list with one per level. */
    codeTokenPattern: z.union([pattern, z.array(pattern)]).optional(),
    prompt: z.discriminatedUnion("kind", [itemsPrompt, templatePrompt, chatPrompt]),
    /**
     * What closes an answer and is part of its score: texts or token ids, in order. Default: nothing.
     */
    end: z.union([endToken.transform((token) => [token]), z.array(endToken)]).default([]),
  })
  .refine(
    (spec) => (spec.codeTokenOffsets === undefined) !== (spec.codeTokenPattern === undefined),
    {
      message: "give either codeTokenOffsets or codeTokenPattern",
    },
  )
  .refine((spec) => (spec.codeTokenOffsets?.length ?? spec.levels) === spec.levels, {
    message: "needs one offset per level",
    path: ["codeTokenOffsets"],
  })
  .refine(
    ({ codeTokenPattern: patterns, levels }) =>
      !Array.isArray(patterns) || patterns.length === levels,
    { message: "needs one pattern per level", path: ["codeTokenPattern"] },
  );

/** How histories and codes become tokens: `nightbeam.json` of a checkpoint. */
export type PromptSpec = z.output<typeof schema>;
/** `nightbeam.json` as it is written in the file, without what has a default. */
export type PromptSpecInput = z.input<typeof schema>;
/** A prompt that is a text. */
export type TextPrompt = Exclude<PromptSpec["prompt"], { kind: "items" }>;

export const PROMPT_SPEC_FILE = "nightbeam.json";

/** What the errors of a spec say. */
const CHECK = {
  schema,
  code: "BAD_PROMPT_SPEC",
  remedy:
    "docs/guides/models.md describes nightbeam.json, and `nightbeam inspect DIR` proposes one",
} as const;

/** @throws ModelError MISSING_FILE; BAD_PROMPT_SPEC, naming the field */
export async function readPromptSpec(directory: string): Promise<PromptSpec> {
  return readJson(join(directory, PROMPT_SPEC_FILE), CHECK);
}

/** The same for a spec that is no file, named `path` in errors. @throws ModelError BAD_PROMPT_SPEC */
export function checkPromptSpec(json: unknown, path: string): PromptSpec {
  return checkJson(json, { ...CHECK, path });
}

/** Whether a model with this spec needs its tokenizer. */
export function needsTokenizer(spec: PromptSpec): boolean {
  return (
    spec.prompt.kind !== "items" ||
    spec.codeTokenPattern !== undefined ||
    spec.end.some((token) => typeof token === "string")
  );
}
