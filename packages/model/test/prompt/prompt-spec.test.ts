import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildCatalogue, type Catalogue } from "@nightbeam/catalogue";
import { refusal, useTempDir } from "@nightbeam/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { checkCatalogue } from "../../src/checkpoint/check-catalogue.js";
import { promptEncoder } from "../../src/prompt/prompt-encoder.js";
import {
  codeText,
  codeTokens,
  type PromptSpec,
  readPromptSpec,
} from "../../src/prompt/prompt-spec.js";

const SPEC = {
  levels: 3,
  codesPerLevel: 10,
  codeTokenOffsets: [4, 14, 24],
  prompt: { kind: "items", bos: 1, maxItems: 2 },
} satisfies PromptSpec;
const TEMPLATE = { kind: "template", template: "Bought: {history}", maxItems: 5 };

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
    expect(await read({})).toEqual(SPEC);
    const spec = await read({
      codeTokenOffsets: undefined,
      codeTokenPattern: "<{level}_{code}>",
      prompt: TEMPLATE,
    });
    expect(spec.prompt).toEqual({ ...TEMPLATE, separator: ", ", addSpecialTokens: true });
    expect(codeText(spec, { level: 2, code: 47 })).toBe("<c_47>");
  });

  it.each([
    ["levels", { levels: 1 }],
    ["levels", { levels: 9 }],
    ["codesPerLevel", { codesPerLevel: 0 }],
    ["codeTokenOffsets", { codeTokenOffsets: [4, 14] }],
    ["codeTokenOffsets", { codeTokenOffsets: [4, -14, 24] }],
    ["codeTokenOffsets or codeTokenPattern", { codeTokenOffsets: undefined }],
    ["codeTokenOffsets or codeTokenPattern", { codeTokenPattern: "<{level}_{code}>" }],
    ["codeTokenPattern", { codeTokenOffsets: undefined, codeTokenPattern: "<{level}>" }],
    ["prompt.kind", { prompt: { kind: "songs", maxItems: 3 } }],
    ["prompt.maxItems", { prompt: { kind: "items" } }],
    ["prompt.template", { prompt: { ...TEMPLATE, template: "Bought nothing" } }],
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

describe("codes and prompts", () => {
  const catalogueOf = (paths: readonly number[][]): Catalogue =>
    buildCatalogue(paths.map((codes, i) => ({ id: `i${i}`, codes, where: `item ${i}` })));
  const tokens = (vocabularySize: number) =>
    codeTokens(SPEC, { vocabularySize, tokenOf: () => undefined });
  const thrown = (work: () => unknown) => refusal(Promise.resolve().then(work));

  it("have the tokens after the level's offset", () => {
    expect(tokens(34).map((level) => [level[0], level[9]])).toEqual([
      [4, 13],
      [14, 23],
      [24, 33],
    ]);
  });

  it("are refused outside the vocabulary", async () => {
    const { code, message } = await thrown(() => tokens(33));
    expect(code).toBe("BAD_PROMPT_SPEC");
    expect(message).toContain("code 9 of level 2 the token 33");
  });

  it("begin with BOS, if there is one, and end with the last items", async () => {
    const catalogue = catalogueOf([
      [0, 1, 2],
      [3, 4, 5],
      [9, 9, 9],
    ]);
    const options = { catalogue, codeTokens: tokens(34), vocabularySize: 34, tokenizer: undefined };
    const item = (id: string) => catalogue.itemIndex(id) ?? Number.NaN;
    const history = [item("i2"), item("i0"), item("i1")];
    const encode = promptEncoder({ ...options, spec: SPEC });
    expect(encode(history)).toEqual(Int32Array.of(1, 4, 15, 26, 7, 18, 29));
    expect(encode([])).toEqual(Int32Array.of(1));
    const bare = { ...SPEC, prompt: { ...SPEC.prompt, bos: null } };
    expect(promptEncoder({ ...options, spec: bare })(history.slice(0, 1))).toEqual(
      Int32Array.of(13, 23, 33),
    );
    const far = { ...SPEC, prompt: { ...SPEC.prompt, bos: 34 } };
    const { code, message } = await thrown(() => promptEncoder({ ...options, spec: far }));
    expect(code).toBe("BAD_PROMPT_SPEC");
    expect(message).toContain("prompt.bos 34");
  });

  it("are refused if the catalogue has other levels or codes", async () => {
    checkCatalogue(SPEC, catalogueOf([[9, 9, 9]]));
    const levels = await thrown(() => checkCatalogue(SPEC, catalogueOf([[1, 2, 3, 4]])));
    expect(levels).toMatchObject({ code: "CATALOGUE_MISMATCH" });
    expect(levels.message).toContain("4");
    const codes = await thrown(() => checkCatalogue(SPEC, catalogueOf([[1, 10, 3]])));
    expect(codes).toMatchObject({ code: "CATALOGUE_MISMATCH" });
    expect(codes.message).toContain("code 10 on level 1");
  });
});
