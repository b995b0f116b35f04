import { join } from "node:path";
import { z } from "zod";
import { readJson } from "../checkpoint/read-json.js";
import { ModelError } from "../errors.js";

const tokenId = z.int().nonnegative();

const itemsPrompt = z.strictObject({
  /** BOS, then the codes of the last items, oldest first. */
  kind: z.literal("items"),
  bos: tokenId.nullish(),
  maxItems: z.int().positive(),
});

const templatePrompt = z.strictObject({
  /** A text in which `{history}` is replaced by the items, tokenised with `tokenizer.json`. */
  kind: z.literal("template"),
  template: z.string().refine((text) => text.includes("{history}"), "must contain {history}"),
  /** Text between two items. */
  separator: z.string().default(", "),
  maxItems: z.int().positive(),
  /** Whether the tokenizer adds its own special tokens (BOS and the like). */
  addSpecialTokens: z.boolean().default(true),
});

const schema = z
  .strictObject({
    levels: z.int().min(2).max(8),
    codesPerLevel: z.int().min(1).max(65_536),
    /** Token id of code 0 of each level; code c has this id + c. */
    codeTokenOffsets: z.array(tokenId).optional(),
    /** Text of a code's token, `{level}` being a, b, c, … and `{code}` the number; looked up in `tokenizer.json`. */
    codeTokenPattern: z
      .string()
      .refine((text) => text.includes("{code}"), "must contain {code}")
      .optional(),
    prompt: z.discriminatedUnion("kind", [itemsPrompt, templatePrompt]),
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
  });

/** How histories and codes become tokens: `nightbeam.json` of a checkpoint. */
export type PromptSpec = z.output<typeof schema>;

/** @throws ModelError MISSING_FILE; BAD_PROMPT_SPEC, naming the field */
export async function readPromptSpec(directory: string): Promise<PromptSpec> {
  const path = join(directory, "nightbeam.json");
  return readJson(path, {
    schema,
    code: "BAD_PROMPT_SPEC",
    remedy: "docs/guides/models.md describes nightbeam.json",
  });
}

/**
 * Token id of every code: `tokens[level][code]`.
 *
 * @param tokenOf finds a token by its text, for specs with a `codeTokenPattern`
 * @throws ModelError BAD_PROMPT_SPEC if a code has no token, or a token outside the vocabulary
 */
export function codeTokens(
  spec: PromptSpec,
  options: { vocabularySize: number; tokenOf: (text: string) => number | undefined },
): Int32Array[] {
  return Array.from({ length: spec.levels }, (_, level) =>
    Int32Array.from({ length: spec.codesPerLevel }, (_, code) => {
      const token = tokenOfCode(spec, { level, code, tokenOf: options.tokenOf });
      if (token >= options.vocabularySize) {
        throw new ModelError(
          "BAD_PROMPT_SPEC",
          `nightbeam.json gives code ${code} of level ${level} the token ${token}; the vocabulary has ${options.vocabularySize}`,
        );
      }
      return token;
    }),
  );
}

function tokenOfCode(
  spec: PromptSpec,
  place: { level: number; code: number; tokenOf: (text: string) => number | undefined },
): number {
  const { level, code } = place;
  const offset = spec.codeTokenOffsets?.[level];
  if (offset !== undefined) return offset + code;
  const text = codeText(spec, place);
  const token = place.tokenOf(text);
  if (token === undefined) {
    throw new ModelError(
      "BAD_PROMPT_SPEC",
      `tokenizer.json has no token "${text}" for code ${code} of level ${level}`,
    );
  }
  return token;
}

/** Text of a code's token, such as `<a_47>`. */
export function codeText(spec: PromptSpec, place: { level: number; code: number }): string {
  const letter = String.fromCharCode("a".charCodeAt(0) + place.level);
  return (spec.codeTokenPattern ?? "<{level}_{code}>")
    .replaceAll("{level}", letter)
    .replaceAll("{code}", String(place.code));
}
