import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildCatalogue } from "@nightbeam/catalogue";
import { refusal, useTempDir } from "@nightbeam/testing";
import { writeCheckpoint } from "@nightbeam/testing/world";
import { beforeEach, describe, expect, it } from "vitest";
import { inspectCheckpoint } from "../../src/inspect/inspect-checkpoint.js";
import { findSpelling } from "../../src/inspect/spelling.js";
import { editJson } from "../support/edit-files.js";
import { addedAfter, wordTokenizer, writeTokenizer } from "../support/word-tokenizer.js";

describe("the spelling of codes in a vocabulary", () => {
  const words = ["<unk>", "hello", "b12", "<extra_id_0>", "<extra_id_1>", "<0x0A>"];

  it.each([
    ["<{level}_{code}>", ["<a_1>", "<a_12>", "<b_0>"]],
    ["<s_{level}_{code}>", ["<s_a_1>", "<s_a_12>", "<s_b_0>"]],
    ["<|{level}_{code}|>", ["<|a_1|>", "<|a_12|>", "<|b_0|>"]],
    ["[{LEVEL}{code}]", ["[A1]", "[A12]", "[B0]"]],
    ["<item_{level0}_{code:03}>", ["<item_0_001>", "<item_0_012>", "<item_1_000>"]],
    ["L{level1}-{code}", ["L1-1", "L1-12", "L2-0"]],
  ])("%s", (pattern, tokens) => {
    expect(findSpelling([...words, ...tokens])).toEqual({ pattern, codes: [[1, 12], [0]] });
  });

  it("is none without tokens of two levels that begin with the first", () => {
    for (const tokens of [[], ["<a_1>", "<a_2>"], ["<c_1>", "<d_2>"]]) {
      expect(findSpelling([...words, ...tokens])).toBeUndefined();
    }
  });
});

describe("inspecting a checkpoint", () => {
  const temporary = useTempDir();
  const words = Array.from({ length: 250 }, (_, id) => ["<unk>", "<s>", "</s>"][id] ?? `word${id}`);
  const catalogue = buildCatalogue(
    [
      [1, 12, 3],
      [10, 2, 3],
    ].map((codes, i) => ({ id: `i${i}`, codes, where: `item ${i}` })),
  );
  const codes = (spell: (level: string, code: number) => string) => [
    ...[10, 1].map((code) => spell("a", code)),
    ...[12, 2].map((code) => spell("b", code)),
    spell("c", 3),
  ];
  const prepare = async (options: {
    modelType: "llama" | "qwen2";
    tokens: string[];
    words?: string[];
  }) => {
    const config = {
      modelType: options.modelType,
      levels: 3,
      codesPerLevel: 100,
      width: 16,
      heads: 2,
    };
    await writeCheckpoint({ directory: temporary(), seed: 1, config: { ...config, layers: 1 } });
    await rm(join(temporary(), "nightbeam.json"));
    const texts = options.words ?? words;
    const added = [
      { content: "</s>", id: 2 },
      { content: "\n", id: 3 },
      ...addedAfter(texts.length, options.tokens),
    ];
    await writeTokenizer(temporary(), {
      definition: wordTokenizer(texts, added),
      config: {
        chat_template: "{{ messages[1].content }}{% if enable_thinking is false %}!{% endif %}",
      },
    });
  };
  beforeEach(async () => {
    await rm(join(temporary(), "tokenizer.json"), { force: true });
  });

  it.each([
    ["lc-rec", "llama", "<{level}_{code}>", /^Below is .*\n\n### Response:$/s, [2]],
    ["minionerec", "qwen2", "<{level}_{code}>", /^Below is .*\n\n### Response:\n$/s, [3, 2]],
    ["openonerec", "qwen2", "<s_{level}_{code}>", /no_think!<\|sid_begin\|>$/, []],
    ["items", "qwen2", "<|{level}_{code}|>", /^<\|a_1\|><\|b_12\|><\|c_3\|><\|a_10\|>/, []],
  ] as const)("proposes the prompts of %s", async (project, modelType, pattern, text, end) => {
    const tokens = codes((level, code) =>
      pattern.replace("{level}", level).replace("{code}", `${code}`),
    );
    await prepare({
      modelType,
      tokens: project === "openonerec" ? [...tokens, "<|sid_begin|>", "<|sid_end|>"] : tokens,
      ...(project === "items" && { words: words.slice(0, 20) }),
    });
    const user = { history: ["i0", "elsewhere", "i1"] };
    const report = await inspectCheckpoint({ directory: temporary(), catalogue, user });
    expect(report.proposal).toMatchObject({
      project,
      spec: { levels: 3, codeTokenPattern: pattern },
    });
    expect(report.example.history).toEqual(["i0", "i1"]);
    expect(report.example.text).toMatch(text);
    expect(report.example.unread).toEqual([]);
    expect(report.levels.map((level) => level.codes)).toEqual([2, 2, 1]);
    expect(report.end.map(({ token }) => token)).toEqual(end);
    // The proposal is the file, without an edit.
    await writeFile(join(temporary(), "nightbeam.json"), JSON.stringify(report.proposal?.spec));
    const again = await inspectCheckpoint({ directory: temporary(), catalogue, user });
    expect(again).toEqual({ ...report, proposal: undefined });
    // Without a catalogue, the codes are those of the tokenizer.
    const alone = await inspectCheckpoint({ directory: temporary() });
    expect(alone.levels).toEqual(report.levels);
  });

  it("proposes spaces between codes that are plain numbers", async () => {
    await prepare({ modelType: "llama", tokens: ["1", "10", "12", "2", "3"] });
    const { proposal, example } = await inspectCheckpoint({ directory: temporary(), catalogue });
    expect(proposal?.spec).toMatchObject({ codeTokenPattern: "{code}" });
    expect(example.text).toContain("1 12 3, 10 2 3");
    const { message } = await refusal(inspectCheckpoint({ directory: temporary() }));
    expect(message).toContain("give --catalogue, in case they are plain numbers");
  });

  it("assumes that the codes of a model without a tokenizer end its vocabulary", async () => {
    const config = { levels: 3, codesPerLevel: 16, width: 16, heads: 2, layers: 1 };
    await writeCheckpoint({ directory: temporary(), seed: 1, config });
    await rm(join(temporary(), "nightbeam.json"));
    await editJson(join(temporary(), "config.json"), { bos_token_id: 1 });
    const { proposal, example } = await inspectCheckpoint({ directory: temporary(), catalogue });
    expect(proposal?.spec).toMatchObject({
      codesPerLevel: 16,
      codeTokenOffsets: [4, 20, 36],
      prompt: { kind: "items", bos: 1 },
    });
    expect(example).toMatchObject({ text: undefined, tokens: [1, 5, 32, 39, 14, 22, 39] });
    const { code, message } = await refusal(inspectCheckpoint({ directory: temporary() }));
    expect(code).toBe("BAD_PROMPT_SPEC");
    expect(message).toContain("give --catalogue");
  });

  it("describes the weights and what they take", async () => {
    const config = {
      levels: 2,
      codesPerLevel: 6,
      layers: 2,
      width: 32,
      heads: 4,
      keyValueHeads: 2,
    };
    await writeCheckpoint({ directory: temporary(), seed: 1, config });
    const report = await inspectCheckpoint({ directory: temporary() });
    expect(report).toMatchObject({
      modelType: "llama",
      layers: 2,
      heads: { attention: 4, keyValue: 2 },
      vocabularySize: 16,
      outputLayer: "own",
      adapter: undefined,
      proposal: undefined,
    });
    expect(report.weights.bytes).toBe(4 * report.weights.count);
    const bytes = report.workerBytes.map(({ device, precision, bytes }) => [
      `${device} ${precision}`,
      bytes,
    ]);
    expect(Object.fromEntries(bytes)["cuda fp32"]).toBe(report.weights.bytes);
  });

  it("describes an encoder-decoder, and shows the token of a user", async () => {
    const config = { modelType: "t5" as const, levels: 3, codesPerLevel: 16 };
    const shape = { ...config, encoderLayers: 3, decoderLayers: 1, startToken: 3 };
    await writeCheckpoint({ directory: temporary(), seed: 1, config: shape });
    const user = { offset: 1, buckets: 3, by: "number" };
    await editJson(join(temporary(), "nightbeam.json"), {
      prompt: { kind: "items", user, suffix: [2], maxItems: 20 },
    });
    const inspect = (name: string) =>
      inspectCheckpoint({
        directory: temporary(),
        catalogue,
        user: { name, history: ["i1", "i0"] },
      });
    const report = await inspect("8");
    expect(report).toMatchObject({
      modelType: "t5",
      layers: 1,
      encoder: { layers: 3, startToken: 3 },
      maxPositions: undefined,
      userToken: user,
    });
    const tokens = [14, 22, 39, 5, 32, 39, 2];
    expect(report.example).toMatchObject({ user: "8", tokens: [3, ...tokens], problem: undefined });
    const { example } = await inspect("ana");
    expect(example.tokens).toEqual([1, ...tokens]);
    expect(example.problem).toContain('the user "ana" is not a whole number');
  });
});
