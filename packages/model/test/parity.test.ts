import { join } from "node:path";
import { ROOT } from "@nightbeam/catalogue";
import { type Scoring, treeOf } from "@nightbeam/decoding";
import { openModel } from "@nightbeam/model";
import { seeded, useTempDir } from "@nightbeam/testing";
import {
  deepestLine,
  rowsOfAnswer,
  someCatalogue,
  somePrefixes,
  somePrompt,
} from "@nightbeam/testing/conformance";
import { loadReference } from "@nightbeam/testing/reference";
import { LLAMA_KINDS, T5_KINDS, writeCheckpoint } from "@nightbeam/testing/world";
import { afterAll, describe, expect, it } from "vitest";
import { largestDistance, referenceScores } from "./support/reference-scores.js";

const LEVELS = 4;
const CODES = 16;
const tokenOf = (level: number, code: number) => 4 + level * CODES + code;
/** The graphs compute in float32; this is far below what would change a list. */
const TOLERANCE = 1e-4;
const SCORINGS: readonly Scoring[] = ["full", "renormalized"];
const RENORMALIZED = ["llama", "llama-tied", "format-bf16", "three-files", "t5", "t5-v1.1"];

describe("log-probabilities are the reference's", () => {
  const temporary = useTempDir();
  const catalogue = someCatalogue({ levels: LEVELS, codesPerLevel: CODES, items: 60, seed: 9 });
  const { trie } = catalogue;
  const figures = new Map<string, number>();
  afterAll(() => {
    const text = [...figures].map(([name, most]) => `${name} ${most.toExponential(1)}`);
    console.info(`largest difference from the reference: ${text.join(", ")}`);
  });

  // What differs between the scorings is the head: a few kinds of it are enough for the second.
  const cases = Object.entries({ ...LLAMA_KINDS, ...T5_KINDS }).flatMap(([name, kind]) =>
    (RENORMALIZED.includes(name) ? SCORINGS : SCORINGS.slice(0, 1)).map((scoring) => ({
      name,
      scoring,
      kind,
    })),
  );

  it.each(cases)("$name, $scoring", async ({ name, scoring, kind }) => {
    const directory = join(temporary(), name);
    await writeCheckpoint({ directory, seed: 21, ...kind });
    const difference = await differenceFromReference({ directory, scoring });
    figures.set(name, Math.max(difference, figures.get(name) ?? 0));
    expect(difference).toBeLessThan(TOLERANCE);
  });

  async function differenceFromReference(options: { directory: string; scoring: Scoring }) {
    const { directory, scoring } = options;
    const model = await openModel({
      directory,
      catalogue,
      scoring,
      precision: "fp32",
      cacheDirectory: join(temporary(), "cache"),
      workers: 1,
      threads: 1,
      cacheBytes: 2 ** 24,
    });
    const reference = loadReference(directory);
    const random = seeded(4);
    let most = 0;
    try {
      for (const length of [1, 17]) {
        const prompt = somePrompt({ length, vocabularySize: reference.vocabularySize, random });
        // Two calls: what the second hangs below the first comes from the prompt cache.
        const first = [ROOT, ...deepestLine(trie).slice(1, 2)];
        const second = [...deepestLine(trie).slice(2), ...somePrefixes(trie, { count: 4, random })];
        for (const prefixes of [first, second]) {
          const request = { key: length, prompt, tree: treeOf(trie, prefixes) };
          const [answer] = await model.scorer.score([request]);
          if (answer === undefined) throw new Error("an answer is missing");
          for (const [prefix, row] of rowsOfAnswer(trie, request, answer)) {
            const question = { trie, scoring, prompt, tokenOf, prefix };
            const distance = largestDistance(row, referenceScores(reference, question));
            most = Number.isNaN(distance) ? Number.NaN : Math.max(most, distance);
          }
        }
      }
    } finally {
      await model.close();
    }
    return most;
  }
});
