import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildCatalogue } from "@nightbeam/catalogue";
import { refusal, useTempDir } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import type { Project } from "../../src/inspect/projects.js";
import { proposeSpec } from "../../src/inspect/propose-spec.js";
import { checkPromptSpec } from "../../src/prompt/prompt-spec.js";
import { addedAfter, wordTokenizer, writeTokenizer } from "../support/word-tokenizer.js";

// The largest code is 250, so that there are 256 per level.
const catalogue = buildCatalogue(
  [
    [1, 2, 250, 0],
    [7, 2, 3, 1],
  ].map((codes, item) => ({ id: `i${item}`, codes, where: `item ${item}` })),
);
const T5 = { model_type: "t5", pad_token_id: 0, decoder_start_token_id: 0 };

describe("the prompts that are proposed for a T5", () => {
  const temporary = useTempDir();
  const propose = async (config: Record<string, unknown>, like?: Project) => {
    const directory = temporary();
    await writeFile(join(directory, "config.json"), JSON.stringify({ ...T5, ...config }));
    const proposal = await proposeSpec({ directory, base: directory, catalogue, like });
    checkPromptSpec(proposal.spec, "the proposal");
    return proposal;
  };

  it.each<[string, Record<string, unknown>, string, number, Record<string, unknown>]>([
    [
      "users and the closing token after the codes",
      { vocab_size: 3026, eos_token_id: 3025 },
      "tiger",
      1,
      { user: { offset: 1025, buckets: 2000, by: "number" }, suffix: [3025] },
    ],
    [
      "one token for all users, or BOS",
      { vocab_size: 1027, eos_token_id: 1026 },
      "tiger",
      1,
      { user: { offset: 1025 }, suffix: [1026] },
    ],
    [
      "a closing token alone",
      { vocab_size: 1026, eos_token_id: 1025 },
      "tiger",
      1,
      { suffix: [1025] },
    ],
    ["nothing but codes", { vocab_size: 1025, eos_token_id: 0 }, "tiger", 1, {}],
    [
      "the user after the items",
      { vocab_size: 3034, pad_token_id: 3033, eos_token_id: 3032, decoder_start_token_id: 3031 },
      "tiger-cf",
      0,
      { user: { offset: 1024, buckets: 2000, by: "murmur3", place: "after-items" } },
    ],
    [
      "codes at the end of the vocabulary",
      { vocab_size: 1028, eos_token_id: 2 },
      "items",
      4,
      { suffix: [2] },
    ],
    [
      "a decoder's",
      { model_type: "llama", vocab_size: 1028, eos_token_id: 2, bos_token_id: 1 },
      "items",
      4,
      { bos: 1 },
    ],
  ])("with %s", async (_, config, project, first, prompt) => {
    const proposal = await propose(config);
    expect(proposal.project).toBe(project);
    expect(proposal.spec).toEqual({
      levels: 4,
      codesPerLevel: 256,
      codeTokenOffsets: [first, first + 256, first + 512, first + 768],
      prompt: { kind: "items", ...prompt, maxItems: 20 },
    });
    expect(proposal.reasons.join()).toContain(`vocabulary of ${config.vocab_size}`);
  });

  it("are those of the project that is named", async () => {
    const { spec } = await propose({ vocab_size: 3026, eos_token_id: 3025 }, "items");
    expect(spec.codeTokenOffsets).toEqual([2002, 2258, 2514, 2770]);
    const texts = propose({ vocab_size: 3026, eos_token_id: 3025 }, "letter-tiger");
    expect((await refusal(texts)).message).toContain("which the prompts of letter-tiger need");
    const small = await refusal(propose({ vocab_size: 1000, eos_token_id: 999 }, "tiger"));
    expect(small.message).toContain("too small for 4 levels of 251 codes");
  });

  it("are not guessed if its tokenizer is missing", async () => {
    const { message } = await refusal(propose({ vocab_size: 33_124, eos_token_id: 1 }));
    expect(message).toContain("32100 tokens beside the codes");
    expect(message).toContain("tokenizer.save_pretrained");
    await writeFile(join(temporary(), "spiece.model"), "");
    const other = await refusal(propose({ vocab_size: 33_124, eos_token_id: 1 }));
    expect(other.code).toBe("MISSING_FILE");
    expect(other.message).toMatch(/spiece\.model and no tokenizer\.json; .*AutoTokenizer/);
    await rm(join(temporary(), "spiece.model"));
  });

  it("are texts of codes, closed by EOS, if it has a tokenizer", async () => {
    const words = Array.from({ length: 250 }, (_, id) => ["<pad>", "</s>"][id] ?? `word${id}`);
    const tokens = ["<a_1>", "<a_7>", "<b_2>", "<c_3>", "<c_250>", "<d_0>", "<d_1>"];
    await writeTokenizer(temporary(), {
      definition: wordTokenizer(words, addedAfter(words.length, tokens)),
      config: { eos_token: "</s>" },
    });
    const { project, spec } = await propose({ vocab_size: 257 });
    expect(project).toBe("letter-tiger");
    expect(spec).toEqual({
      levels: 4,
      codeTokenPattern: "<{level}_{code}>",
      prompt: { kind: "template", template: "{history}", separator: "", maxItems: 20 },
      end: "</s>",
    });
    expect((await propose({ vocab_size: 257 }, "items")).spec.end).toBeUndefined();
    const { message } = await refusal(propose({ vocab_size: 257 }, "tiger"));
    expect(message).toContain("leave --like out");
  });
});
