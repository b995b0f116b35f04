import { join } from "node:path";
import type { LevelHeadsRequest, Scoring } from "@nightbeam/decoding";
import {
  isLevelHeadsCheckpoint,
  type ModelOptions,
  openLevelHeads,
  openModel,
} from "@nightbeam/model";
import { refusal, seeded, useTempDir } from "@nightbeam/testing";
import { someCatalogue, somePrompt } from "@nightbeam/testing/conformance";
import { loadLlamaReference } from "@nightbeam/testing/reference";
import { type CheckpointKind, LLAMA_KINDS, writeCheckpoint } from "@nightbeam/testing/world";
import { beforeAll, describe, expect, it } from "vitest";
import { openPrompts } from "../../src/prompt/open-prompts.js";
import { editJson } from "../support/edit-files.js";
import { largestDistance } from "../support/reference-scores.js";

const CODES = 16;
const LEVELS = 4;
const TOLERANCE = 1e-4;
const random = seeded(3);
const prompt = (length: number) => somePrompt({ length, vocabularySize: 4 + 4 * CODES, random });
const catalogue = someCatalogue({ levels: LEVELS, codesPerLevel: CODES, items: 60, seed: 9 });

describe("a heads draft", () => {
  const temporary = useTempDir();
  const settings = (directory: string): Omit<ModelOptions, "cacheBytes"> => ({
    directory,
    catalogue,
    scoring: "full",
    precision: "fp32",
    cacheDirectory: join(temporary(), "cache"),
    workers: 1,
    threads: 1,
  });
  const write = async (name: string, { config, options = {} }: CheckpointKind = {}) => {
    const directory = join(temporary(), name);
    const shape = { levels: LEVELS, codesPerLevel: CODES, ...config, levelHeads: true };
    await writeCheckpoint({ directory, seed: 21, config: shape, options });
    return directory;
  };

  const kinds = ["llama", "llama-grouped-heads", "llama-tied", "qwen2", "qwen3", "format-bf16"];
  const scorings: readonly Scoring[] = ["full", "renormalized"];
  const cases = kinds.flatMap((kind) => scorings.map((scoring) => ({ kind, scoring })));

  it.each(cases)("answers as the reference does: $kind, $scoring", async ({ kind, scoring }) => {
    const directory = await write(`${kind}-${scoring}`, LLAMA_KINDS[kind]);
    const model = await openLevelHeads({ ...settings(directory), scoring });
    const reference = loadLlamaReference(directory);
    // Prompts of different lengths in one call.
    const requests = [1, 9, 33, 9].map((length, key): LevelHeadsRequest => {
      return { key, prompt: prompt(length) };
    });
    const answers = await model.scorer.levelLogProbs(requests);
    for (const [at, request] of requests.entries()) {
      const levels = answers[at]?.levels ?? [];
      expect(levels).toHaveLength(LEVELS - 1);
      for (const [level, logits] of reference.levelLogits([...request.prompt]).entries()) {
        const expected = levelLogProbs(logits, { level, scoring });
        expect(largestDistance(levels[level] ?? [], expected)).toBeLessThan(TOLERANCE);
      }
    }
    expect(answers.every(({ milliseconds }) => milliseconds > 0)).toBe(true);
    await model.close();
  });

  it.each(scorings)("gives a user the same bits in any call: %s", async (scoring) => {
    const config = { width: 160, heads: 4, headSize: 40, layers: 2 };
    const directory = await write(`company-${scoring}`, { config });
    const model = await openLevelHeads({ ...settings(directory), scoring, workers: 2 });
    const requests = [20, 20, 7, 20, 20].map((length, key) => ({ key, prompt: prompt(length) }));
    const together = await model.scorer.levelLogProbs(requests);
    model.scorer.release(requests.map(({ key }) => key));
    for (const [at, request] of requests.entries()) {
      const [alone] = await model.scorer.levelLogProbs([{ ...request, key: 100 + at }]);
      expect(alone?.levels).toEqual(together[at]?.levels);
    }
    await model.close();
  });

  it("of two levels needs no block", async () => {
    const directory = await write("two", { config: { levels: 2 } });
    const two = someCatalogue({ levels: 2, codesPerLevel: CODES, items: 30, seed: 1 });
    const model = await openLevelHeads({ ...settings(directory), catalogue: two });
    const asked = { key: 0, prompt: Int32Array.of(1, 5, 21) };
    const [answer] = await model.scorer.levelLogProbs([asked]);
    expect(answer?.levels.map(({ length }) => length)).toEqual([CODES]);
    await model.close();
  });

  describe("is distinguished from a model", () => {
    let heads: string;
    let ordinary: string;
    beforeAll(async () => {
      heads = await write("heads");
      ordinary = join(temporary(), "ordinary");
      await writeCheckpoint({ directory: ordinary, seed: 2 });
    });

    it("by its config", async () => {
      expect(await isLevelHeadsCheckpoint(heads)).toBe(true);
      expect(await isLevelHeadsCheckpoint(ordinary)).toBe(false);
    });

    it("and neither can replace the other", async () => {
      const opened = await refusal(openModel({ ...settings(heads), cacheBytes: 0 }));
      const asked = await refusal(openPrompts({ directory: heads, catalogue }));
      for (const refused of [opened, asked]) {
        expect(refused.code).toBe("UNSUPPORTED");
        expect(refused.message).toContain(`${heads} is a heads draft`);
      }
      const other = await refusal(openLevelHeads(settings(ordinary)));
      expect(other.code).toBe("UNSUPPORTED");
      expect(other.message).toContain(`${ordinary} is not a heads draft`);
    });

    it.each([1, 3])("and refused with %i blocks for four levels", async (blocks) => {
      const directory = await write(`with-${blocks}`);
      await editJson(join(directory, "config.json"), { nightbeam_heads: blocks });
      const { code, message } = await refusal(openLevelHeads(settings(directory)));
      expect(code).toBe("BAD_CHECKPOINT");
      expect(message).toContain(`nightbeam_heads is ${blocks}; 4 levels`);
    });

    it("and refused if a block is missing or unused", async () => {
      const without = join(temporary(), "without");
      await writeCheckpoint({
        directory: without,
        seed: 2,
        options: { configFields: { nightbeam_heads: 2 } },
      });
      expect((await refusal(openLevelHeads(settings(without)))).message).toContain(
        "no tensor nightbeam_heads.0.",
      );
      const unsaid = await write("unsaid");
      await editJson(join(unsaid, "config.json"), { nightbeam_heads: undefined });
      const { code, message } = await refusal(openModel({ ...settings(unsaid), cacheBytes: 0 }));
      expect(code).toBe("UNSUPPORTED");
      expect(message).toContain("nightbeam_heads.0");
    });
  });
});

/** Log-probabilities of a level's codes, over the vocabulary or over them alone. */
function levelLogProbs(
  logits: Float64Array,
  { level, scoring }: { level: number; scoring: Scoring },
): number[] {
  const first = 4 + level * CODES;
  const codes = [...logits.subarray(first, first + CODES)];
  const over = scoring === "full" ? [...logits] : codes;
  const sum = over.reduce((total, logit) => total + Math.exp(logit), 0);
  return codes.map((logit) => logit - Math.log(sum));
}
