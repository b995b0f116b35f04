import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fuzzRuns, mutated, useTempDirs } from "@nightbeam/testing";
import { writeCheckpoint } from "@nightbeam/testing/world";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openCheckpoint } from "../../src/checkpoint/checkpoint.js";
import { openTokenizer } from "../../src/prompt/tokenizer.js";
import { wordTokenizer } from "../support/word-tokenizer.js";

const tempDir = useTempDirs();

describe("a damaged file of a checkpoint is read, or refused in words", () => {
  it.each([
    ["config.json", openCheckpoint, 40],
    ["nightbeam.json", openCheckpoint, 25],
    ["model.safetensors", openCheckpoint, 60],
    ["tokenizer.json", openTokenizer, 25],
    ["tokenizer_config.json", openTokenizer, 15],
  ])(
    "%s",
    async (name, open, usual) => {
      const directory = join(tempDir(), "checkpoint");
      await writeCheckpoint({ directory, seed: 1 });
      const words = ["<unk>", "<s>", "a", "b", "c"];
      writeFileSync(join(directory, "tokenizer.json"), JSON.stringify(wordTokenizer(words, [])));
      writeFileSync(join(directory, "tokenizer_config.json"), '{"bos_token": "<s>"}');
      const valid = readFileSync(join(directory, name));
      const header = name.endsWith("safetensors")
        ? 8 + Number(valid.readBigUInt64LE())
        : valid.length;
      let slowest = 0;
      await fc.assert(
        fc.asyncProperty(mutated(valid.subarray(0, header)), async (bytes) => {
          writeFileSync(join(directory, name), Buffer.concat([bytes, valid.subarray(header)]));
          const started = performance.now();
          try {
            await open(directory);
          } catch (error) {
            expect(error instanceof Error ? error.name : error).toBe("ModelError");
          }
          slowest = Math.max(slowest, performance.now() - started);
        }),
        { numRuns: fuzzRuns(usual) },
      );
      if (process.env.NIGHTBEAM_FUZZ !== undefined)
        console.log(name, fuzzRuns(usual), Math.round(slowest));
    },
    600_000,
  );
});
