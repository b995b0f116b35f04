import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "@nightbeam/catalogue";
import { treeOf } from "@nightbeam/decoding";
import { type ModelOptions, openModel } from "@nightbeam/model";
import { refusal, useTempDir } from "@nightbeam/testing";
import { rowsOfAnswer, someCatalogue } from "@nightbeam/testing/conformance";
import { loadReference } from "@nightbeam/testing/reference";
import { writeCheckpoint } from "@nightbeam/testing/world";
import { beforeEach, describe, expect, it } from "vitest";
import { editJson } from "../support/edit-files.js";
import { largestDistance, referenceScores } from "../support/reference-scores.js";
import { wordTokenizer, writeTokenizer } from "../support/word-tokenizer.js";

const LEVELS = 3;
const CODES = 6;
const WORDS = ["<unk>", "<s>", "bought", "then", ":", "next"];
/** Codes are dealt out over the vocabulary so that no level's tokens are consecutive. */
const tokenOf = (level: number, code: number) => WORDS.length + code * LEVELS + level;
const textOf = (level: number, code: number) => `<${"abc"[level]}_${code}>`;
const codeTexts = Array.from({ length: LEVELS * CODES }, (_, i) => ({
  content: textOf(i % LEVELS, Math.floor(i / LEVELS)),
  id: WORDS.length + i,
}));

const TOKENIZER = wordTokenizer(WORDS, codeTexts);

describe("prompts from a template", () => {
  const temporary = useTempDir();
  const catalogue = someCatalogue({ levels: LEVELS, codesPerLevel: CODES, items: 40, seed: 3 });
  let directory: string;
  beforeEach(async () => {
    directory = join(temporary(), "checkpoint");
    await writeCheckpoint({ directory, seed: 5, config: { levels: LEVELS, codesPerLevel: 8 } });
    await writeTokenizer(directory, { definition: TOKENIZER });
    await editJson(join(directory, "nightbeam.json"), {
      // More than there are tokens for.
      codesPerLevel: CODES + 3,
      codeTokenOffsets: undefined,
      codeTokenPattern: "<{level}_{code}>",
      prompt: {
        kind: "template",
        template: "Bought: {history} next",
        separator: " then ",
        maxItems: 3,
      },
    });
  });
  const open = (options: Partial<ModelOptions> = {}) =>
    openModel({
      directory,
      catalogue,
      scoring: "renormalized",
      precision: "fp32",
      cacheDirectory: directory,
      workers: 1,
      threads: 1,
      cacheBytes: 2 ** 20,
      ...options,
    });
  const pathsOf = (items: readonly number[]) => {
    const { trie } = catalogue;
    return items.map((item) => {
      const leaf = catalogue.leafOf(item);
      let node = ROOT;
      return Array.from({ length: LEVELS }, () => {
        let child = trie.firstChild[node] ?? 0;
        while (!isAbove(child, leaf)) child++;
        node = child;
        return trie.codes[child] ?? 0;
      });
    });
  };
  const isAbove = (node: number, leaf: number): boolean => {
    const { firstChild } = catalogue.trie;
    let [first, end] = [node, node + 1];
    while (end <= leaf && (firstChild[first] ?? 0) < (firstChild[end] ?? 0)) {
      [first, end] = [firstChild[first] ?? 0, firstChild[end] ?? 0];
    }
    return first <= leaf && leaf < end;
  };

  it("hold the last items between the template's words", async () => {
    const model = await open();
    const [, , first = [], second = []] = pathsOf([7, 11, 2, 30]);
    const [, third = []] = pathsOf([7, 11]);
    const items = [third, first, second].map((path) =>
      path.map((code, level) => tokenOf(level, code)),
    );
    const [a = [], b = [], c = []] = items;
    expect(Array.from(model.encodePrompt([7, 11, 2, 30]))).toEqual([
      1,
      2,
      4,
      ...a,
      3,
      ...b,
      3,
      ...c,
      5,
    ]);
    expect(Array.from(model.encodePrompt([]))).toEqual([1, 2, 4, 5]);
    await model.close();
  });

  it("have no special tokens if the template has its own", async () => {
    await editJson(join(directory, "nightbeam.json"), {
      prompt: {
        kind: "template",
        template: "{history} $& next",
        maxItems: 1,
        addSpecialTokens: false,
      },
    });
    const model = await open();
    const [path = []] = pathsOf([7]);
    const tokens = path.map((code, level) => tokenOf(level, code));
    // "$&" is a word that the tokenizer does not know, not a pattern of the replacement.
    expect(Array.from(model.encodePrompt([7]))).toEqual([...tokens, 0, 5]);
    await model.close();
  });

  it.each(["full", "renormalized"] as const)(
    "lead to the reference's log-probabilities with tokens out of order, %s",
    async (scoring) => {
      const model = await open({ scoring });
      const prompt = model.encodePrompt([4, 9]);
      const { trie } = catalogue;
      const request = { key: 0, prompt, tree: treeOf(trie, [ROOT, 1, trie.levelStart[2] ?? 0]) };
      const [answer] = await model.scorer.score([request]);
      await model.close();
      if (answer === undefined) throw new Error("an answer is missing");
      const reference = loadReference(directory);
      for (const [prefix, row] of rowsOfAnswer(trie, request, answer)) {
        const expected = referenceScores(reference, { trie, scoring, prompt, tokenOf, prefix });
        expect(largestDistance(row, expected)).toBeLessThan(1e-4);
      }
    },
  );

  it("need tokens for the codes that occur, and no others", async () => {
    const largest = Math.max(...catalogue.codesPerLevel);
    await editJson(join(directory, "nightbeam.json"), { codesPerLevel: largest + 20 });
    const [path = []] = pathsOf([7]);
    const missing = textOf(1, path[1] ?? 0);
    const added_tokens = TOKENIZER.added_tokens.filter(({ content }) => content !== missing);
    await writeTokenizer(directory, { definition: { ...TOKENIZER, added_tokens } });
    const { code, message } = await refusal(open());
    expect(code).toBe("CATALOGUE_MISMATCH");
    expect(message).toContain(`"${missing}" for code ${path[1]} of level 1`);
    const [, item = ""] = /which item "(.+?)" has/.exec(message) ?? [];
    const [named = []] = pathsOf([catalogue.itemIndex(item) ?? -1]);
    expect(named[1]).toBe(path[1]);
  });

  it("are refused if the tokenizer is missing or invalid", async () => {
    await writeTokenizer(directory, { definition: { version: "1.0" } });
    const broken = await refusal(open());
    expect(broken.code).toBe("BAD_PROMPT_SPEC");
    expect(broken.message).toContain("tokenizer.json");
    await rm(join(directory, "tokenizer.json"));
    const absent = await refusal(open());
    expect(absent.code).toBe("MISSING_FILE");
    expect(absent.message).toContain("tokenizer.json");
  });
});
