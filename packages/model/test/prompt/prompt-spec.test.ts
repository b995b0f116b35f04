import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildCatalogue, type Catalogue } from "@nightbeam/catalogue";
import { refusal, useTempDir } from "@nightbeam/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { checkCatalogue } from "../../src/checkpoint/check-catalogue.js";
import { codeText } from "../../src/prompt/code-text.js";
import { codeTokens } from "../../src/prompt/code-tokens.js";
import { itemsEncoder } from "../../src/prompt/prompt-encoder.js";
import { checkPromptSpec, readPromptSpec } from "../../src/prompt/prompt-spec.js";

const SPEC = {
  levels: 3,
  codesPerLevel: 10,
  codeTokenOffsets: [4, 14, 24],
  prompt: { kind: "items", bos: 1, maxItems: 2 },
};
const TEMPLATE = { kind: "template", template: "Bought: {history}", maxItems: 5 };
const PATTERN = { codeTokenOffsets: undefined, codeTokenPattern: "<{level}_{code}>" };
const specWith = (fields: Record<string, unknown>) =>
  checkPromptSpec({ ...SPEC, ...fields }, "nightbeam.json");

describe("nightbeam.json", () => {
  const temporary = useTempDir();
  let file: string;
  beforeAll(() => {
    file = join(temporary(), "nightbeam.json");
  });
  const read = async (fields: Record<string, unknown>) => {
    await writeFile(file, JSON.stringify({ ...SPEC, ...fields }));
    return readPromptSpec(temporary());
  };

  it("says how histories and codes become tokens", async () => {
    expect(await read({})).toMatchObject({ ...SPEC, end: [] });
    const spec = await read({ ...PATTERN, codesPerLevel: undefined, prompt: TEMPLATE, end: "." });
    expect(spec.end).toEqual(["."]);
    expect(spec.prompt).toEqual({
      ...TEMPLATE,
      order: "oldest-first",
      item: "{codes}",
      codeSeparator: "",
      separator: ", ",
      emptyHistory: "",
      addSpecialTokens: true,
    });
  });

  it.each([
    ["levels", { levels: 1 }],
    ["levels", { levels: 9 }],
    ["codesPerLevel", { codesPerLevel: 0 }],
    ["codeTokenOffsets", { codeTokenOffsets: [4, 14] }],
    ["codeTokenOffsets", { codeTokenOffsets: [4, -14, 24] }],
    ["codeTokenOffsets or codeTokenPattern", { codeTokenOffsets: undefined }],
    ["codeTokenOffsets or codeTokenPattern", { codeTokenPattern: "<{level}_{code}>" }],
    ["codeTokenPattern", { ...PATTERN, codeTokenPattern: "<{level}>" }],
    ["codeTokenPattern", { ...PATTERN, codeTokenPattern: ["<a_{code}>", "<b_{code}>"] }],
    ["prompt.kind", { prompt: { kind: "songs", maxItems: 3 } }],
    ["prompt.maxItems", { prompt: { kind: "items" } }],
    ["prompt.template", { prompt: { ...TEMPLATE, template: "Bought nothing" } }],
    ["prompt.item", { prompt: { ...TEMPLATE, item: "{index}." } }],
    ["prompt.order", { prompt: { ...TEMPLATE, order: "random" } }],
    ["prompt.messages", { prompt: { kind: "chat", maxItems: 5, messages: [] } }],
    ["end", { end: "" }],
    ["end", { end: [1.5] }],
    ["codesPerLvel", { codesPerLvel: 3 }],
  ])("is refused for %s: %o", async (field, fields) => {
    const { code, message } = await refusal(read(fields));
    expect(code).toBe("BAD_PROMPT_SPEC");
    expect(message).toContain(file);
    expect(message).toContain(field);
  });

  it("is refused if it is missing", async () => {
    await rm(file, { force: true });
    const { code, message } = await refusal(readPromptSpec(temporary()));
    expect(code).toBe("MISSING_FILE");
    expect(message).toContain(file);
  });
});

const catalogueOf = (paths: readonly number[][]): Catalogue =>
  buildCatalogue(paths.map((codes, i) => ({ id: `i${i}`, codes, where: `item ${i}` })));
const thrown = (work: () => unknown) => refusal(Promise.resolve().then(work));

describe("texts of codes", () => {
  it.each([
    ["<{level}_{code}>", "<c_47>"],
    ["<s_{level}_{code}>", "<s_c_47>"],
    ["<|{LEVEL}_{code:03}|>", "<|C_047|>"],
    ["item_{level0}_{code}", "item_2_47"],
    ["[L{level1}C{code}]", "[L3C47]"],
    ["{code}", "47"],
  ])("%s of code 47 on the third level: %s", (codeTokenPattern, text) => {
    expect(codeText(specWith({ ...PATTERN, codeTokenPattern }), { level: 2, code: 47 })).toBe(text);
  });

  it("have a pattern per level", () => {
    const codeTokenPattern = ["<genre_{code}>", "<shelf_{code}>", "<{code}>"];
    const spec = specWith({ ...PATTERN, codeTokenPattern });
    const texts = [0, 1, 2].map((level) => codeText(spec, { level, code: 5 }));
    expect(texts).toEqual(["<genre_5>", "<shelf_5>", "<5>"]);
  });
});

describe("codes and prompts of tokens", () => {
  const catalogue = catalogueOf([
    [0, 1, 2],
    [3, 4, 5],
    [9, 9, 9],
  ]);
  const tokens = (fields: Record<string, unknown> = {}, vocabularySize = 34) =>
    codeTokens(specWith(fields), { catalogue, vocabularySize, tokenizer: undefined });

  it("have the tokens after the level's offset", () => {
    expect(tokens().map((level) => [level[0], level[9]])).toEqual([
      [4, 13],
      [14, 23],
      [24, 33],
    ]);
    // Without a size, up to the catalogue's largest code.
    expect(tokens({ codesPerLevel: undefined })).toEqual(tokens());
  });

  it("need tokens in the vocabulary for the catalogue's codes alone", async () => {
    expect(tokens({ codesPerLevel: 99 })[2]).toHaveLength(10);
    const { code, message } = await thrown(() => tokens({}, 33));
    expect(code).toBe("BAD_PROMPT_SPEC");
    expect(message).toContain("token 33 of code 9 of level 2");
  });

  it("may share tokens between levels for equal codes only", async () => {
    expect(tokens({ codeTokenOffsets: [4, 4, 4] })[2]?.[9]).toBe(13);
    const { code, message } = await thrown(() => tokens({ codeTokenOffsets: [4, 12, 24] }));
    expect(code).toBe("BAD_PROMPT_SPEC");
    expect(message).toContain("code 9 of level 0 and code 1 of level 1 the same token 13");
  });

  const encoder = (prompt: Record<string, unknown>) => {
    const spec = specWith({ prompt: { ...SPEC.prompt, ...prompt } });
    if (spec.prompt.kind !== "items") throw new Error("a prompt of another kind");
    return itemsEncoder(spec.prompt, { spec, catalogue, codeTokens: tokens(), vocabularySize: 34 });
  };
  const history = ["i2", "i0", "i1"].map((id) => catalogue.itemIndex(id) ?? Number.NaN);

  it.each([
    ["BOS and the last items", {}, [1, 4, 15, 26, 7, 18, 29], [1]],
    ["no BOS", { bos: null }, [4, 15, 26, 7, 18, 29], []],
    ["the newest first", { order: "newest-first" }, [1, 7, 18, 29, 4, 15, 26], [1]],
    [
      "tokens around items",
      { itemPrefix: [0], itemSuffix: [2, 3], separator: [30], suffix: [31, 32] },
      [1, 0, 4, 15, 26, 2, 3, 30, 0, 7, 18, 29, 2, 3, 31, 32],
      [1, 31, 32],
    ],
  ])("are %s", (_, prompt, whole, empty) => {
    expect(Array.from(encoder(prompt)(history))).toEqual(whole);
    expect(Array.from(encoder(prompt)([]))).toEqual(empty);
  });

  it.each([
    ["bos", 34],
    ["suffix", [34]],
  ])("are refused for %s outside the vocabulary", async (field, value) => {
    const { code, message } = await thrown(() => encoder({ [field]: value }));
    expect(code).toBe("BAD_PROMPT_SPEC");
    expect(message).toContain(`prompt.${field} 34`);
  });

  it("are refused if the catalogue has other levels or codes", async () => {
    const spec = specWith({});
    checkCatalogue(spec, catalogueOf([[9, 9, 9]]));
    const levels = await thrown(() => checkCatalogue(spec, catalogueOf([[1, 2, 3, 4]])));
    expect(levels).toMatchObject({ code: "CATALOGUE_MISMATCH" });
    expect(levels.message).toContain("4");
    const codes = await thrown(() => checkCatalogue(spec, catalogueOf([[1, 10, 3]])));
    expect(codes).toMatchObject({ code: "CATALOGUE_MISMATCH" });
    expect(codes.message).toContain("code 10 on level 1");
  });
});
