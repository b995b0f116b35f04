import { buildCatalogue } from "@nightbeam/catalogue";
import { refusal, useTempDir } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { codeTokens } from "../../src/prompt/code-tokens.js";
import { endTokens } from "../../src/prompt/end-tokens.js";
import { checkPromptSpec } from "../../src/prompt/prompt-spec.js";
import { openTokenizer } from "../../src/prompt/tokenizer.js";
import { addedAfter, wordTokenizer, writeTokenizer } from "../support/word-tokenizer.js";

const WORDS = ["<unk>", "<s>", "</s>", "to", "7", "9", "12"];
/** As `sorted(set(...))` gives them: 12 comes before 9. */
const CODES = ["<a_12>", "<a_7>", "<a_9>", "<b_7>"];
const PATHS = [
  [7, 7],
  [12, 7],
];
const catalogue = buildCatalogue(
  PATHS.map((codes, i) => ({ id: `i${i}`, codes, where: `item ${i}` })),
);

describe("the tokens of a tokenizer's codes", () => {
  const temporary = useTempDir();
  const tokensOf = async (
    fields: Record<string, unknown> = {},
    { added = addedAfter(WORDS.length, CODES), vocabularySize = 11 } = {},
  ) => {
    const spec = checkPromptSpec(
      {
        levels: 2,
        codeTokenPattern: "<{level}_{code}>",
        prompt: { kind: "template", template: "to {history}", maxItems: 3 },
        ...fields,
      },
      "nightbeam.json",
    );
    await writeTokenizer(temporary(), { definition: wordTokenizer(WORDS, added) });
    const tokenizer = await openTokenizer(temporary());
    return codeTokens(spec, { catalogue, vocabularySize, tokenizer });
  };

  it("are those that were added, in any order", async () => {
    const [first = [], second = []] = await tokensOf();
    expect([first[7], first[12], second[7]]).toEqual([8, 7, 10]);
    // A code that does not occur keeps its own token, and one without a token gets some code's.
    expect([first[9], first[0]]).toEqual([9, 8]);
  });

  it("are plain numbers, which levels share", async () => {
    const [first = [], second = []] = await tokensOf({ codeTokenPattern: "{code}" });
    expect([first[7], first[12], second[7]]).toEqual([4, 6, 4]);
  });

  it("are the added ones if a text is in the vocabulary too", async () => {
    const added = [...addedAfter(WORDS.length, CODES), { content: "7", id: 11 }];
    const [first = []] = await tokensOf(
      { codeTokenPattern: "{code}" },
      { added, vocabularySize: 12 },
    );
    expect(first[7]).toBe(11);
  });

  it("are refused outside the embedding, with the remedy", async () => {
    const { code, message } = await refusal(tokensOf({}, { vocabularySize: 10 }));
    expect(code).toBe("BAD_PROMPT_SPEC");
    expect(message).toContain("token 10 of code 7 of level 1 is outside");
    expect(message).toContain("resize_token_embeddings");
  });

  it("are refused if the tokenizer reads their text as others", async () => {
    // Lowercased as a word, "<A_7>" is not the vocabulary's token of that name.
    const upper = ["<A_7>", "<A_12>", "<B_7>"];
    const words = [...WORDS, ...upper];
    await writeTokenizer(temporary(), { definition: wordTokenizer(words, []) });
    const tokenizer = await openTokenizer(temporary());
    const spec = checkPromptSpec(
      {
        levels: 2,
        codeTokenPattern: "<{LEVEL}_{code}>",
        prompt: { kind: "template", template: "to {history}", maxItems: 3 },
      },
      "nightbeam.json",
    );
    const work = async () => codeTokens(spec, { catalogue, vocabularySize: 10, tokenizer });
    const { code, message } = await refusal(work());
    expect(code).toBe("BAD_PROMPT_SPEC");
    expect(message).toContain('reads "<A_7>" of code 7 of level 0 as the tokens');
    // A prompt of tokens does not read it.
    const items = { ...spec, prompt: { ...spec.prompt, kind: "items" as const, bos: null } };
    const [first = []] = codeTokens(
      checkPromptSpec({ ...items, prompt: { kind: "items", maxItems: 3 } }, "nightbeam.json"),
      { catalogue, vocabularySize: 10, tokenizer },
    );
    expect(first[7]).toBe(7);
  });

  it.each([
    ["</s>", [2]],
    [
      ["to", "</s>"],
      [3, 2],
    ],
    [
      ["to 9", 2],
      [3, 5, 2],
    ],
    [[], []],
  ])("close an answer: %o", async (end, tokens) => {
    await writeTokenizer(temporary(), {
      definition: wordTokenizer(WORDS, [
        ...addedAfter(WORDS.length, CODES),
        { content: "</s>", id: 2 },
      ]),
    });
    const tokenizer = await openTokenizer(temporary());
    const spec = checkPromptSpec(
      {
        levels: 2,
        codeTokenPattern: "<{level}_{code}>",
        prompt: { kind: "items", maxItems: 3 },
        end,
      },
      "nightbeam.json",
    );
    expect(endTokens(spec, { tokenizer, vocabularySize: 11, after: "<b_7>" })).toEqual(tokens);
    const far = async () =>
      endTokens({ end: [11] }, { tokenizer, vocabularySize: 11, after: "<b_7>" });
    expect((await refusal(far())).message).toContain("end: the token 11");
  });
});
