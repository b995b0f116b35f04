import { join } from "node:path";
import { ROOT } from "@nightbeam/catalogue";
import { type ScoreRequest, type Scoring, treeOf } from "@nightbeam/decoding";
import { type Model, type ModelOptions, openModel } from "@nightbeam/model";
import { below, seeded, useTempDir } from "@nightbeam/testing";
import { deepestLine, someCatalogue, somePrefixes } from "@nightbeam/testing/conformance";
import { type ModelShape, writeCheckpoint } from "@nightbeam/testing/world";
import { beforeAll, describe, expect, it } from "vitest";
import { promptStart } from "../../src/prompt/prompt-start.js";
import type { PromptUser } from "../../src/prompt/user-token.js";
import { editJson } from "../support/edit-files.js";
import { addedAfter, wordTokenizer, writeTokenizer } from "../support/word-tokenizer.js";

const LEVELS = 3;
const CODES = 6;
const INSTRUCTION = "the user has bought these items in this order ; say what comes next :";
const START = INSTRUCTION.split(" ").length + 1;

describe("what all prompts start with", () => {
  const temporary = useTempDir();
  const catalogue = someCatalogue({ levels: LEVELS, codesPerLevel: CODES, items: 40, seed: 3 });
  const { trie } = catalogue;
  const random = seeded(8);
  const directory = () => join(temporary(), "llama");
  const SHAPE = { levels: LEVELS, codesPerLevel: 20 };
  beforeAll(() => write(directory(), { ...SHAPE, heads: 4, keyValueHeads: 2 }));

  /** A random model whose prompts are the instruction and the items. */
  async function write(path: string, config: ModelShape): Promise<void> {
    await writeCheckpoint({ directory: path, seed: 5, config });
    const codes = Array.from(
      { length: LEVELS * CODES },
      (_, at) => `<${"abc"[at % LEVELS]}_${Math.floor(at / LEVELS)}>`,
    );
    const words = ["<unk>", "<s>", ...new Set(INSTRUCTION.split(" "))];
    const definition = wordTokenizer(words, addedAfter(words.length, codes));
    await writeTokenizer(path, { definition });
    await editJson(join(path, "nightbeam.json"), {
      codesPerLevel: undefined,
      codeTokenOffsets: undefined,
      codeTokenPattern: "<{level}_{code}>",
      prompt: {
        kind: "template",
        template: `${INSTRUCTION} {history}`,
        separator: " ",
        maxItems: 60,
      },
    });
  }

  const open = (options: Partial<ModelOptions>) =>
    openModel({
      ...{
        directory: directory(),
        catalogue,
        scoring: "full",
        precision: "fp32",
        workers: 1,
        threads: 1,
      },
      ...{ cacheDirectory: join(temporary(), "cache"), cacheBytes: 2 ** 24 },
      ...options,
    });

  /** A user with so many items, who is asked twice: what the second call adds hangs below the first. */
  function questions({ encodePrompt }: Model, counts: readonly number[]): ScoreRequest[][] {
    const prompts = counts.map((count) =>
      encodePrompt(Array.from({ length: count }, () => below(random, catalogue.itemCount))),
    );
    const first = treeOf(trie, [ROOT, ...deepestLine(trie).slice(1, 2)]);
    const second = treeOf(trie, somePrefixes(trie, { count: 4, random }));
    return [first, second].map((tree) => prompts.map((prompt, key) => ({ key, prompt, tree })));
  }

  it.each<{ scoring: Scoring; precision: "fp32" | "int8" }>([
    { scoring: "full", precision: "fp32" },
    { scoring: "renormalized", precision: "fp32" },
    { scoring: "full", precision: "int8" },
  ])("is computed once, and no bit changes: $scoring, $precision", async (options) => {
    const sharing = await open(options);
    const alone = await open({ ...options, shareStart: false });
    try {
      const counts = [1, 2, 2, 3, 5, 8, 13, 21, 34, 55, 55];
      for (const requests of questions(sharing, counts)) {
        const found = await sharing.scorer.score(requests);
        const expected = await alone.scorer.score(requests);
        expect(found.map(({ logProbs }) => logProbs)).toEqual(
          expected.map(({ logProbs }) => logProbs),
        );
        const saved = expected.map(({ tokens }, at) => tokens - (found[at]?.tokens ?? 0));
        const isFirst = requests[0]?.tree.wanted.length === 2;
        expect(saved).toEqual(counts.map(() => (isFirst ? START : 0)));
      }
    } finally {
      await Promise.all([sharing.close(), alone.close()]);
    }
  });

  it("is computed with every prompt by a T5, whose encoder sees all of a prompt at once", async () => {
    const encoder = join(temporary(), "t5");
    await write(encoder, { ...SHAPE, modelType: "t5", encoderLayers: 1 });
    const sharing = await open({ directory: encoder });
    const alone = await open({ directory: encoder, shareStart: false });
    try {
      for (const requests of questions(sharing, [1, 3, 3, 8])) {
        const found = await sharing.scorer.score(requests);
        const expected = await alone.scorer.score(requests);
        const answers = (of: typeof found) =>
          of.map(({ logProbs, tokens }) => ({ logProbs, tokens }));
        expect(answers(found)).toEqual(answers(expected));
      }
    } finally {
      await Promise.all([sharing.close(), alone.close()]);
    }
  });

  it("ends where users' texts begin, and is not worth it if it is short", () => {
    const prompts = (instruction: string) => ({
      // A token per letter, but one for each of " a" and " Z".
      encodePrompt: (history: ArrayLike<number>, { texts = {} }: PromptUser = {}) => {
        const text = `${instruction} ${texts.query} ${Array.from(history).join(" ")}`;
        const pieces = text.match(/ [aZ]|./gu) ?? [];
        return Int32Array.from(pieces, (piece) => piece.codePointAt(piece.length - 1) ?? 0);
      },
      writePrompt: () => "",
      maxPromptTokens: 200,
    });
    const found = (instruction: string) =>
      promptStart(prompts(instruction), { catalogue, columns: ["query"] })?.tokens.length;
    expect(found("searched:")).toBe("searched:".length);
    expect(found("said:")).toBeUndefined();
  });

  it("is not expected of a prompt that starts otherwise", async () => {
    const [sharing, alone] = [await open({}), await open({ shareStart: false })];
    try {
      const usual = sharing.encodePrompt([3, 4, 5]);
      const other = usual.slice();
      other[4] = 0;
      const tree = treeOf(trie, [ROOT]);
      // The third has no token after the start but one.
      const prompts = [usual, other, usual.slice(0, START + 1), usual.slice(0, 3)];
      const requests = prompts.map((prompt, key) => ({ key, prompt, tree }));
      const found = await sharing.scorer.score(requests);
      const expected = await alone.scorer.score(requests);
      expect(found.map(({ logProbs }) => logProbs)).toEqual(
        expected.map(({ logProbs }) => logProbs),
      );
      const saved = expected.map(({ tokens }, at) => tokens - (found[at]?.tokens ?? 0));
      expect(saved).toEqual([START, 0, 0, 0]);
    } finally {
      await Promise.all([sharing.close(), alone.close()]);
    }
  });
});
