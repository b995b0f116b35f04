import { buildCatalogue } from "@nightbeam/catalogue";
import { refusal } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { codeTokens } from "../../src/prompt/code-tokens.js";
import { columnsIn } from "../../src/prompt/open-prompts.js";
import { itemsEncoder } from "../../src/prompt/prompt-encoder.js";
import { checkPromptSpec } from "../../src/prompt/prompt-spec.js";
import { promptStart } from "../../src/prompt/prompt-start.js";

const catalogue = buildCatalogue(
  [
    [0, 1],
    [2, 3],
  ].map((codes, item) => ({ id: `i${item}`, codes, where: `item ${item}` })),
);
const refused = (work: () => unknown) => refusal(Promise.resolve().then(work));

function promptsOf(user: Record<string, unknown>, prompt: Record<string, unknown> = {}) {
  const spec = checkPromptSpec(
    {
      levels: 2,
      codeTokenOffsets: [1, 5],
      prompt: { kind: "items", maxItems: 2, suffix: [3025], user, ...prompt },
    },
    "nightbeam.json",
  );
  if (spec.prompt.kind !== "items") throw new Error("a prompt of another kind");
  const vocabularySize = 3026;
  const tokens = codeTokens(spec, { catalogue, vocabularySize, tokenizer: undefined });
  const options = { spec, catalogue, codeTokens: tokens, vocabularySize };
  return { spec, encodePrompt: itemsEncoder(spec.prompt, options) };
}

const HASHED = { offset: 1025, buckets: 2000, by: "murmur3" };

describe("a token of the user", () => {
  it.each([
    ["one for all users", { offset: 9 }, {}, [9, 1, 6, 3, 8, 3025]],
    ["behind BOS", { offset: 9 }, { bos: 0 }, [0, 9, 1, 6, 3, 8, 3025]],
    ["after the items", { offset: 9, place: "after-items" }, { bos: 0 }, [0, 1, 6, 3, 8, 9, 3025]],
  ])("is %s", (_, user, prompt, expected) => {
    const { encodePrompt } = promptsOf(user, prompt);
    expect(Array.from(encodePrompt([0, 1], { name: "ana" }))).toEqual(expected);
  });

  // As int(name) % 2000, int(hashlib.md5(name.encode()).hexdigest(), 16) % 2000 and
  // murmurhash.hash(name) % 2000 are in Python.
  it.each([
    ["0", 0, 1850, 911],
    ["42", 42, 1174, 518],
    ["12345678901234567890", 1890, 481, 1911],
    ["007", 7, 1721, 54],
    ["user-7", undefined, 1264, 256],
    ["ünï 推荐", undefined, 728, 1637],
  ])("is that of %s", (name, number, md5, murmur3) => {
    const tokenBy = (by: string) => promptsOf({ ...HASHED, by }).encodePrompt([0], { name })[0];
    expect(tokenBy("md5")).toBe(1025 + md5);
    expect(tokenBy("murmur3")).toBe(1025 + murmur3);
    if (number !== undefined) expect(tokenBy("number")).toBe(1025 + number);
  });

  it("is by a column of the histories, if one is named", () => {
    const { spec, encodePrompt } = promptsOf({ ...HASHED, by: "number", column: "uid" });
    expect(columnsIn(spec)).toEqual(["uid"]);
    expect(encodePrompt([0], { name: "ana", texts: { uid: "2003" } })[0]).toBe(1028);
    expect(columnsIn(promptsOf(HASHED).spec)).toEqual([]);
  });

  it.each(["number", "md5", "murmur3"])("needs a name: %s", async (by) => {
    const { encodePrompt } = promptsOf({ ...HASHED, by });
    const { code, message } = await refused(() => encodePrompt([0], { name: "" }));
    expect(code).toBe("BAD_USER");
    expect(message).toContain("prompt.user");
    expect(encodePrompt([0])[0]).toBe(1025);
  });

  it.each(["ana", "-1", "1.5", " 1", "1e3"])("refuses %o as a number", async (name) => {
    const { encodePrompt } = promptsOf({ ...HASHED, by: "number" });
    const { code, message } = await refused(() => encodePrompt([0], { name }));
    expect(code).toBe("BAD_USER");
    expect(message).toContain("prompt.user.by");
    expect(message).toContain("prompt.user.column");
  });

  it("is not what all prompts start with, unless all users have it", () => {
    const start = (user: Record<string, unknown>, columns: string[] = []) => {
      const prompt = { bos: 0, itemPrefix: [1, 1, 1, 1, 1, 1, 1] };
      const { encodePrompt } = promptsOf(user, prompt);
      const prompts = { encodePrompt, writePrompt: undefined, maxPromptTokens: 99 };
      return promptStart(prompts, { catalogue, columns })?.tokens.length;
    };
    expect(start({ offset: 9 })).toBe(9);
    expect(start(HASHED)).toBeUndefined();
    expect(start({ ...HASHED, by: "number", column: "uid" }, ["uid"])).toBeUndefined();
    expect(start({ ...HASHED, place: "after-items" })).toBe(8);
  });

  it.each([
    ["prompt.user.offset", {}],
    ["prompt.user.offset", { offset: -1 }],
    ["prompt.user.by", { offset: 9, buckets: 5 }],
    ["prompt.user.by", { offset: 9, by: "md5" }],
    ["prompt.user.by", { offset: 9, buckets: 5, by: "hash" }],
    ["prompt.user.column", { offset: 9, column: "uid" }],
    ["prompt.user.place", { offset: 9, place: "end" }],
    ["prompt.user.offset + buckets - 1 3026 is outside", { ...HASHED, offset: 1027 }],
  ])("is refused for %s: %o", async (field, user) => {
    const { code, message } = await refused(() => promptsOf(user));
    expect(code).toBe("BAD_PROMPT_SPEC");
    expect(message).toContain(field);
  });
});
